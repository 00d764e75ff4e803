import { useCallback } from "react";
import { fetchProducts, type ApiError, type Product } from "./api";
import { useCart } from "./cart";
import type { Cents } from "./money";
import { useRequest } from "./useRequest";

export interface CartLine {
  readonly product: Product;
  readonly quantity: number;
  readonly total: Cents;
}

export type CartLines =
  | { readonly status: "loading" }
  | { readonly status: "failed"; readonly error: ApiError }
  | {
      readonly status: "ready";
      readonly lines: readonly CartLine[];
      /** Ids of products in the cart that the catalog no longer has. */
      readonly withdrawn: readonly string[];
      readonly itemsTotal: Cents;
    };

/** Returns the cart with its products, and a function that loads both again. */
export function useCartLines(): readonly [CartLines, () => void] {
  const { contents, refresh } = useCart();
  const quantities = contents.status === "ready" ? contents.quantities : null;
  // A string, so that a changed quantity does not load the products again.
  const ids = quantities && JSON.stringify([...quantities.keys()].sort());
  const ask = useCallback(
    (signal: AbortSignal) => (ids === null ? Promise.resolve(null) : fetchProducts(JSON.parse(ids) as string[], signal)),
    [ids],
  );
  const [request, reloadProducts] = useRequest(ask);
  const retry = () => {
    void refresh();
    reloadProducts();
  };

  if (contents.status === "failed") {
    return [contents, retry];
  }
  if (request.status === "failed") {
    return [request, retry];
  }
  const products = request.status === "ready" ? request.value : request.previous;
  if (quantities === null || products === null) {
    return [{ status: "loading" }, retry];
  }
  return [{ status: "ready", ...join(quantities, products, request.status === "ready") }, retry];
}

function join(quantities: ReadonlyMap<string, number>, products: readonly Product[], complete: boolean) {
  const byId = new Map(products.map((product) => [product.id, product]));
  const lines: CartLine[] = [];
  const withdrawn: string[] = [];
  for (const [id, quantity] of quantities) {
    const product = byId.get(id);
    if (product) {
      lines.push({ product, quantity, total: quantity * product.price });
    } else if (complete) {
      withdrawn.push(id);
    }
  }
  return { lines, withdrawn, itemsTotal: lines.reduce((sum, line) => sum + line.total, 0) };
}
