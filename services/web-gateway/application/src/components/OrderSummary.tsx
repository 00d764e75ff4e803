import { Link } from "react-router";
import type { Quote } from "../api";
import { formatCents } from "../money";
import type { RequestState } from "../useRequest";
import type { CartLine } from "../useCartLines";
import { Failure } from "./Failure";
import { Skeleton } from "./Skeleton";
import { Totals } from "./Totals";

interface OrderSummaryProps {
  readonly lines: readonly CartLine[];
  readonly quote: RequestState<Quote>;
  readonly onRetry: () => void;
}

/** Shows the products of the order and its total. */
export function OrderSummary({ lines, quote, onRetry }: OrderSummaryProps) {
  const shown = quote.status === "ready" ? quote.value : quote.status === "loading" ? quote.previous : null;
  return (
    <aside className="summary" aria-labelledby="summary-title">
      <h2 id="summary-title">Your order</h2>
      <ul className="brief">
        {lines.map(({ product, quantity, total }) => (
          <li key={product.id}>
            <span>
              {quantity} × {product.name}
            </span>
            <span>{formatCents(total)}</span>
          </li>
        ))}
      </ul>
      <div aria-live="polite">
        {shown && <Totals quote={shown} />}
        {quote.status === "loading" && !shown && <Skeleton label="Calculating the total" shape="line" count={1} />}
        {quote.status === "failed" && (
          <Failure title="The total could not be calculated." error={quote.error} onRetry={onRetry} />
        )}
      </div>
      <Link to="/cart">Change the cart</Link>
    </aside>
  );
}
