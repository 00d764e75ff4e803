import { useCallback, useEffect, useMemo } from "react";
import { quoteOrder, type Address, type Quote } from "./api";
import { isAddressComplete, readAddress, type FieldValues } from "./checkoutFields";
import { useAnswer, type Answer } from "./useAnswer";
import type { CartLine } from "./useCartLines";
import { useDebounced } from "./useDebounced";

/** Milliseconds without a key before the address counts. */
const PAUSE = 400;

/** Milliseconds. A session ends after five minutes without a request: not under a shopper who looks for the card. */
const REFRESH = 120_000;

/**
 * What this cart costs, shipped to the address once it is complete; and a function that asks once more. It is asked anew
 * after each of the order's refusals.
 */
export function useQuote(
  lines: readonly CartLine[],
  values: FieldValues,
  today: Date,
  refusals: number,
): readonly [Answer<Quote>, () => void] {
  // Texts, so that only another address, or another cart, makes another quote.
  const address = isAddressComplete(values, today) ? JSON.stringify(readAddress(values)) : null;
  const cart = useMemo(() => JSON.stringify(lines.map(({ product, quantity }) => [product.id, quantity])), [lines]);
  const settledAddress = useDebounced(address, PAUSE);

  const ask = useCallback(
    (signal: AbortSignal) => quoteOrder(settledAddress === null ? null : (JSON.parse(settledAddress) as Address), signal),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the server answers by its own cart and prices
    [settledAddress, cart, refusals],
  );
  const [answer, askAgain] = useAnswer(ask);

  useEffect(() => {
    const timer = setInterval(askAgain, REFRESH);
    return () => {
      clearInterval(timer);
    };
  }, [askAgain]);

  return [answer, askAgain];
}
