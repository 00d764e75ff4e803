import { Link } from "react-router";
import { countPieces, useCart } from "../cart";

export function CartLink() {
  const { contents } = useCart();
  const pieces = contents.status === "ready" ? countPieces(contents.quantities) : 0;
  const label = pieces === 0 ? "Cart" : `Cart, ${String(pieces)} ${pieces === 1 ? "piece" : "pieces"}`;
  return (
    <Link className="cart-link" to="/cart" aria-label={label}>
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
        <path d="M4 9h16l-1.6 11H5.6zM8 9l3-5m5 5-3-5M9 13v3m3-3v3m3-3v3" />
      </svg>
      Cart
      {pieces > 0 && <span className="count">{pieces}</span>}
    </Link>
  );
}
