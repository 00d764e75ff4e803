import type { Quote } from "../api";
import { formatCents } from "../money";

export function Totals({ quote }: { readonly quote: Quote }) {
  return (
    <dl className="totals">
      <div>
        <dt>Goods</dt>
        <dd>{formatCents(quote.itemsTotal)}</dd>
      </div>
      <div>
        <dt>Shipping</dt>
        <dd>{formatCents(quote.shippingCost)}</dd>
      </div>
      <div className="total">
        <dt>Total</dt>
        <dd>{formatCents(quote.total)}</dd>
      </div>
    </dl>
  );
}
