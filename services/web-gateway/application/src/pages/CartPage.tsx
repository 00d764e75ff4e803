import { useRef } from "react";
import { Link } from "react-router";
import { useCart } from "../cart";
import { Failure } from "../components/Failure";
import { Heading } from "../components/Heading";
import { Picture } from "../components/Picture";
import { QuantityField } from "../components/QuantityField";
import { Skeleton } from "../components/Skeleton";
import { formatCents } from "../money";
import { useCartLines, type CartLine, type CartLines } from "../useCartLines";

export function CartPage() {
  const [cart, retry] = useCartLines();
  return (
    <>
      <Heading title="Your cart" />
      {cart.status === "loading" && <Skeleton label="Loading the cart" shape="line" count={3} />}
      {cart.status === "failed" && <Failure title="The cart could not be loaded." error={cart.error} onRetry={retry} />}
      {cart.status === "ready" && <Contents cart={cart} />}
    </>
  );
}

function Contents({ cart }: { readonly cart: Extract<CartLines, { status: "ready" }> }) {
  const { remove, empty } = useCart();
  const contents = useRef<HTMLDivElement>(null);
  // The focused button disappears with what it removes.
  const keepFocus = () => contents.current?.focus();

  const isEmpty = cart.lines.length === 0 && cart.withdrawn.length === 0;
  return (
    <div ref={contents} tabIndex={-1} role="group" aria-label="What is in the cart">
      {isEmpty ? (
        <EmptyCart />
      ) : (
        <FilledCart
          cart={cart}
          onRemove={(id, name) => {
            keepFocus();
            remove(id, name);
          }}
          onEmpty={() => {
            keepFocus();
            empty();
          }}
        />
      )}
    </div>
  );
}

function EmptyCart() {
  return (
    <div className="empty">
      <p className="lead">There is nothing in it yet.</p>
      <Link className="button" to="/">
        Look around
      </Link>
    </div>
  );
}

type OnRemove = (id: string, name: string) => void;

interface FilledCartProps {
  readonly cart: Extract<CartLines, { status: "ready" }>;
  readonly onRemove: OnRemove;
  readonly onEmpty: () => void;
}

function FilledCart({ cart, onRemove, onEmpty }: FilledCartProps) {
  return (
    <div className="split">
      <ul className="lines" aria-label="Products in the cart">
        {cart.lines.map((line) => (
          <Line key={line.product.id} line={line} onRemove={onRemove} />
        ))}
        {cart.withdrawn.map((id) => (
          <li key={id} className="line withdrawn">
            <div>
              <h2>{id}</h2>
              <p className="quiet">This product is no longer in the shop.</p>
              <RemoveButton id={id} name={id} onRemove={onRemove} />
            </div>
          </li>
        ))}
      </ul>
      <aside className="summary" aria-labelledby="summary-title">
        <h2 id="summary-title">Summary</h2>
        <dl className="totals">
          {cart.lines.map(({ product, quantity, total }) => (
            <div key={product.id}>
              <dt>
                {quantity} × {product.name}
              </dt>
              <dd>{formatCents(total)}</dd>
            </div>
          ))}
          <div className="total">
            <dt>Goods</dt>
            <dd>{formatCents(cart.itemsTotal)}</dd>
          </div>
        </dl>
        <p className="quiet">Shipping is calculated at checkout.</p>
        <Link className="button" to="/checkout">
          Go to checkout
        </Link>
        <button type="button" className="plain" onClick={onEmpty}>
          Empty the cart
        </button>
      </aside>
    </div>
  );
}

function Line({ line, onRemove }: { readonly line: CartLine; readonly onRemove: OnRemove }) {
  const { setQuantity } = useCart();
  const { product } = line;
  return (
    <li className="line">
      <Picture product={product} width={96} />
      <div>
        <h2>
          <Link to={`/product/${encodeURIComponent(product.id)}`}>{product.name}</Link>
        </h2>
        <p className="quiet">{formatCents(product.price)} each</p>
        <div className="changes">
          <QuantityField
            line={line}
            onChange={(quantity) => {
              setQuantity(product.id, product.name, quantity);
            }}
          />
          <RemoveButton id={product.id} name={product.name} onRemove={onRemove} />
        </div>
      </div>
      <p className="price">{formatCents(line.total)}</p>
    </li>
  );
}

function RemoveButton({ id, name, onRemove }: { readonly id: string; readonly name: string; readonly onRemove: OnRemove }) {
  return (
    <button
      type="button"
      className="plain"
      aria-label={`Remove ${name}`}
      onClick={() => {
        onRemove(id, name);
      }}
    >
      Remove
    </button>
  );
}
