import { pictureAddress, type Product } from "../api";

/** Shows a product's picture at a ratio of 4 to 5, so that the layout does not shift when it loads. */
export function Picture({ product, width, eager = false }: { readonly product: Product; readonly width: number; readonly eager?: boolean }) {
  return (
    <img
      className="picture"
      src={pictureAddress(product.filename)}
      alt={product.name}
      width={width}
      height={width * 1.25}
      loading={eager ? "eager" : "lazy"}
      decoding="async"
    />
  );
}
