import type { Product } from "../api";

export function Rating({ product }: { readonly product: Product }) {
  if (product.reviews === 0) {
    return <p className="rating quiet">No reviews yet</p>;
  }
  const rating = product.rating.toFixed(1);
  const reviews = product.reviews === 1 ? "1 review" : `${String(product.reviews)} reviews`;
  return (
    <p className="rating">
      <span className="hidden">{`Rated ${rating} of 5, ${reviews}`}</span>
      <span aria-hidden="true">
        <span className="star">★</span> {rating} <span className="quiet">({product.reviews})</span>
      </span>
    </p>
  );
}
