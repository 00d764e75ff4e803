import type { Product } from "../api";
import { MAXIMUM_QUANTITY, useCart } from "../cart";

export function AddToCart({ product }: { readonly product: Product }) {
  const { contents, add } = useCart();
  const inCart = contents.status === "ready" ? (contents.quantities.get(product.id) ?? 0) : 0;
  const full = inCart >= MAXIMUM_QUANTITY;
  return (
    <button
      type="button"
      className="add"
      aria-disabled={full}
      onClick={() => {
        if (!full) {
          add(product);
        }
      }}
    >
      {full ? "No more of this" : "Add to cart"}
      <span className="hidden"> {product.name}</span>
    </button>
  );
}
