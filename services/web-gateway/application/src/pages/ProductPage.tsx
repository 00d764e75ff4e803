import { useCallback } from "react";
import { Link, useParams } from "react-router";
import { fetchProducts } from "../api";
import { useCart } from "../cart";
import { AddToCart } from "../components/AddToCart";
import { Failure } from "../components/Failure";
import { Heading } from "../components/Heading";
import { Picture } from "../components/Picture";
import { Rating } from "../components/Rating";
import { Skeleton } from "../components/Skeleton";
import { formatCents } from "../money";
import { useRequest } from "../useRequest";
import { NotFoundPage } from "./NotFoundPage";

export function ProductPage() {
  const { id = "" } = useParams();
  const { contents } = useCart();
  const [request, retry] = useRequest(useCallback((signal: AbortSignal) => fetchProducts([id], signal), [id]));

  if (request.status === "loading") {
    return <Skeleton label="Loading the product" shape="product" count={1} />;
  }
  if (request.status === "failed") {
    return <Failure title="The product could not be loaded." error={request.error} onRetry={retry} />;
  }
  const product = request.value[0];
  if (product === undefined) {
    return <NotFoundPage />;
  }
  const inCart = contents.status === "ready" ? (contents.quantities.get(product.id) ?? 0) : 0;
  return (
    <article className="product">
      <Picture product={product} width={560} eager />
      <div>
        <p>
          <Link to="/">The collection</Link>
        </p>
        <Heading title={product.name} />
        <Rating product={product} />
        <p className="price">{formatCents(product.price)}</p>
        <p className="lead">{product.description}</p>
        <AddToCart product={product} />
        {inCart > 0 && (
          <p className="quiet">
            {inCart} in <Link to="/cart">your cart</Link>
          </p>
        )}
      </div>
    </article>
  );
}
