import type { Ref } from "react";
import { Link } from "react-router";
import type { Product } from "../api";
import { formatCents } from "../money";
import { AddToCart } from "./AddToCart";
import { Picture } from "./Picture";
import { Rating } from "./Rating";

/** Pictures that are visible without scrolling are not loaded lazily. */
const AT_ONCE = 4;

export function ProductGrid({ products, ref }: { readonly products: readonly Product[]; readonly ref?: Ref<HTMLUListElement> }) {
  return (
    <ul className="grid" aria-label="Products" ref={ref}>
      {products.map((product, index) => (
        <li key={product.id} className="card">
          <Picture product={product} width={400} eager={index < AT_ONCE} />
          <h2>
            <Link to={`/product/${encodeURIComponent(product.id)}`}>{product.name}</Link>
          </h2>
          <p className="price">{formatCents(product.price)}</p>
          <Rating product={product} />
          <AddToCart product={product} />
        </li>
      ))}
    </ul>
  );
}
