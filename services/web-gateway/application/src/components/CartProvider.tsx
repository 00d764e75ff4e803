import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { ApiError, emptyCart, readCart, removeFromCart, setQuantity, type Product, type Quantities } from "../api";
import { CartContext, type Cart, type CartContents, type Notice } from "../cart";

/**
 * Holds the cart for all pages. A change is shown immediately and sent after earlier ones. After the last response, the
 * cart is read again, since another tab, or the end of the session, may have changed it too.
 */
export function CartProvider({ children }: { readonly children: ReactNode }) {
  const [contents, setContents] = useState<CartContents>({ status: "loading" });
  const [notice, setNotice] = useState<Notice | null>(null);
  const changes = useRef({ waiting: 0, last: Promise.resolve() });

  const refresh = useCallback(async () => {
    const latest = await readContents();
    if (changes.current.waiting === 0) {
      setContents(latest);
    }
  }, []);

  useEffect(() => {
    void refresh();
  }, [refresh]);

  const dismissNotice = useCallback(() => {
    setNotice(null);
  }, []);

  const change = useCallback(
    (foresee: (quantities: Quantities) => Quantities, send: () => Promise<string>, failed: string) => {
      setContents((now) => (now.status === "ready" ? { ...now, quantities: foresee(now.quantities) } : now));
      const queue = changes.current;
      queue.waiting += 1;
      queue.last = queue.last
        .then(send)
        .then(
          (done) => {
            setNotice({ kind: "done", text: done });
          },
          (error: unknown) => {
            setNotice({ kind: "failed", text: `${failed} ${error instanceof ApiError ? error.message : String(error)}` });
          },
        )
        .then(() => {
          queue.waiting -= 1;
          return refresh();
        });
    },
    [refresh],
  );

  const cart = useMemo<Cart>(
    () => ({
      contents,
      notice,
      dismissNotice,
      add: ({ id, name }: Product) => {
        change(
          (quantities) => withQuantity(quantities, id, (quantities.get(id) ?? 0) + 1),
          async () => {
            const quantity = ((await readCart()).get(id) ?? 0) + 1;
            await setQuantity(id, quantity);
            return `Added to the cart: ${name}${quantity === 1 ? "" : `, now ${String(quantity)}`}.`;
          },
          `Not added: ${name}.`,
        );
      },
      setQuantity: (id, name, quantity) => {
        change(
          (quantities) => withQuantity(quantities, id, quantity),
          async () => {
            await setQuantity(id, quantity);
            return `In the cart: ${name}, now ${String(quantity)}.`;
          },
          `Not changed: the quantity of ${name}.`,
        );
      },
      remove: (id, name) => {
        change(
          (quantities) => withQuantity(quantities, id, 0),
          async () => {
            await removeFromCart(id);
            return `Removed from the cart: ${name}.`;
          },
          `Not removed: ${name}.`,
        );
      },
      empty: () => {
        change(
          () => new Map(),
          async () => {
            await emptyCart();
            return "The cart was emptied.";
          },
          "The cart was not emptied.",
        );
      },
      refresh,
    }),
    [contents, notice, dismissNotice, change, refresh],
  );

  return <CartContext value={cart}>{children}</CartContext>;
}

async function readContents(): Promise<CartContents> {
  try {
    return { status: "ready", quantities: await readCart() };
  } catch (error) {
    return { status: "failed", error: error instanceof ApiError ? error : new ApiError(String(error), null) };
  }
}

function withQuantity(quantities: Quantities, id: string, quantity: number): Quantities {
  const changed = new Map(quantities);
  if (quantity === 0) {
    changed.delete(id);
  } else {
    changed.set(id, quantity);
  }
  return changed;
}
