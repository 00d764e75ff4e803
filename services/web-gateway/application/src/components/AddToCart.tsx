import type { Product } from "../api";
import { MAXIMUM_QUANTITY, useCart } from "../cart";

export function AddToCart({ product }: { readonly product: Product }) {
  const { contents, add } = useCart();
  const inCart = contents.status === "ready" ? (contents.quantities.get(product.id) ?? 0) : 0;
  const full = inCart >= MAXIMUM_QUANTITY;
  const words = full ? "No more of this" : "Add to cart";
  return (
    <button
      type="button"
      className="add"
      aria-label={`${words} ${product.name}`}
      aria-disabled={full}
      onClick={() => {
        if (!full) {
          add(product);
        }
      }}
    >
      {words}
    </button>
  );
}
