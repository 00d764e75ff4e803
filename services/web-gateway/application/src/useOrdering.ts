import { useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, placeOrder, type Order, type OrderRequest } from "./api";
import { useCart } from "./cart";
import { keepOrder } from "./confirmedOrder";

/** An order as the shopper agreed to it. Sent again with its key, it is placed once. */
interface Attempt {
  readonly request: OrderRequest;
  readonly idempotencyKey: string;
  readonly names: ReadonlyMap<string, string>;
}

interface Unanswered {
  readonly attempt: Attempt;
  readonly error: ApiError;
}

export interface Ordering {
  readonly placing: boolean;
  /** The reason of the last refusal. */
  readonly refusal: ApiError | null;
  /** Number of refusals. After each, an earlier quote may be outdated. */
  readonly refusals: number;
  /** Why the result of the last attempt is unknown. */
  readonly doubt: ApiError | null;
  /** Sends an order, unless another is being sent. `names` has product names by id, for the confirmation. */
  readonly place: (request: OrderRequest, names: ReadonlyMap<string, string>) => void;
  /** Sends the order whose result is unknown again. */
  readonly placeAgain: () => void;
}

/** Places orders. `onRefused` is called after each refusal, which an outdated cart may have caused. */
export function useOrdering(onRefused: () => void): Ordering {
  const navigate = useNavigate();
  const cart = useCart();
  // A second click may come before the state of the first is rendered.
  const busy = useRef(false);
  const [placing, setPlacing] = useState(false);
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const [refusals, setRefusals] = useState(0);
  const [unanswered, setUnanswered] = useState<Unanswered | null>(null);

  const send = async (attempt: Attempt) => {
    if (busy.current) {
      return;
    }
    busy.current = true;
    setPlacing(true);
    setRefusal(null);
    try {
      confirm(await placeOrder(attempt.request, attempt.idempotencyKey), attempt);
      await navigate("/confirmation", { replace: true });
      await cart.refresh();
    } catch (thrown) {
      const error = thrown instanceof ApiError ? thrown : new ApiError(String(thrown), null);
      if (error.isRefusal) {
        setRefusal(error);
        setRefusals((count) => count + 1);
        setUnanswered(null);
        onRefused();
      } else {
        setUnanswered({ attempt, error });
      }
    } finally {
      busy.current = false;
      setPlacing(false);
    }
  };

  return {
    placing,
    refusal,
    refusals,
    doubt: unanswered?.error ?? null,
    place: (request, names) => {
      void send({ request, idempotencyKey: newIdempotencyKey(), names });
    },
    placeAgain: () => {
      if (unanswered) {
        void send(unanswered.attempt);
      }
    },
  };
}

function confirm({ items, ...order }: Order, { request, names }: Attempt): void {
  keepOrder({
    ...order,
    email: request.email,
    lines: items.map(({ id, quantity, price }) => ({
      id,
      name: names.get(id) ?? id,
      quantity,
      total: quantity * price,
    })),
  });
}

/** Returns 128 random bits. crypto.randomUUID is only available over HTTPS. */
function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
