import { useCallback } from "react";
import { fetchProducts, type ApiError, type Product } from "./api";
import { useCart } from "./cart";
import type { Cents } from "./money";
import { useAnswer } from "./useAnswer";

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
      /** Ids of products that are in the cart, but no longer in the catalog. */
      readonly withdrawn: readonly string[];
      readonly itemsTotal: Cents;
    };

/** The cart with its products, and a function that asks for both once more. */
export function useCartLines(): readonly [CartLines, () => void] {
  const { contents, refresh } = useCart();
  const quantities = contents.status === "ready" ? contents.quantities : null;
  // A text, so that a change of a quantity alone asks for no products.
  const ids = quantities && JSON.stringify([...quantities.keys()].sort());
  const ask = useCallback(
    (signal: AbortSignal) => (ids === null ? Promise.resolve(null) : fetchProducts(JSON.parse(ids) as string[], signal)),
    [ids],
  );
  const [answer, askAgain] = useAnswer(ask);
  const retry = () => {
    void refresh();
    askAgain();
  };

  if (contents.status === "failed") {
    return [contents, retry];
  }
  if (answer.status === "failed") {
    return [answer, retry];
  }
  const products = answer.status === "ready" ? answer.value : answer.previous;
  if (quantities === null || products === null) {
    return [{ status: "loading" }, retry];
  }
  return [{ status: "ready", ...join(quantities, products, answer.status === "ready") }, retry];
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
