import { createContext, use } from "react";
import type { ApiError, Product, Quantities } from "./api";
import { CART_QUANTITY } from "./limits.json";

export const MAXIMUM_QUANTITY = CART_QUANTITY.maximum;

export type CartContents =
  | { readonly status: "loading" }
  | { readonly status: "failed"; readonly error: ApiError }
  | { readonly status: "ready"; readonly quantities: Quantities };

/** The result of the last change. */
export interface Notice {
  readonly kind: "done" | "failed";
  readonly text: string;
}

export interface Cart {
  readonly contents: CartContents;
  readonly notice: Notice | null;
  readonly dismissNotice: () => void;
  /** Adds one piece. */
  readonly add: (product: Product) => void;
  /** `name` is the product's name for the notice. */
  readonly setQuantity: (productId: string, name: string, quantity: number) => void;
  readonly remove: (productId: string, name: string) => void;
  readonly empty: () => void;
  /** Reads the cart again. */
  readonly refresh: () => Promise<void>;
}

export const CartContext = createContext<Cart | null>(null);

export function useCart(): Cart {
  const cart = use(CartContext);
  if (cart === null) {
    throw new Error("useCart: must be called within CartProvider");
  }
  return cart;
}

export function countPieces(quantities: Quantities): number {
  return [...quantities.values()].reduce((sum, quantity) => sum + quantity, 0);
}
