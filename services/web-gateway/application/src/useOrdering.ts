import { useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, placeOrder, type Order, type OrderRequest } from "./api";
import { useCart } from "./cart";
import { keepOrder } from "./confirmedOrder";

/** One order as the shopper agreed to it. Sent again with its key, it is still ordered once. */
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
  /** Why the last attempt was refused. */
  readonly refusal: ApiError | null;
  /** How many attempts were refused: after each, what was quoted before may no longer hold. */
  readonly refusals: number;
  /** Why it is not known what became of the last attempt. */
  readonly doubt: ApiError | null;
  /** Sends an order, unless one is on its way. `names` are the products' by id, for the confirmation. */
  readonly place: (request: OrderRequest, names: ReadonlyMap<string, string>) => void;
  /** Sends the very order in doubt once more. */
  readonly placeAgain: () => void;
}

/** `onRefused` is called after each refusal: what is shown of the cart may be why. */
export function useOrdering(onRefused: () => void): Ordering {
  const navigate = useNavigate();
  const cart = useCart();
  // A second click may come before the first one's state is shown.
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

/** 128 random bits. crypto.randomUUID is there over HTTPS alone. */
function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
