import { useCallback, useEffect, useMemo } from "react";
import { quoteOrder, type Address, type Quote } from "./api";
import { isAddressComplete, readAddress, type FieldValues } from "./checkoutFields";
import { useRequest, type RequestState } from "./useRequest";
import type { CartLine } from "./useCartLines";
import { useDebounced } from "./useDebounced";

/** Milliseconds without typing before the address is quoted. */
const PAUSE = 400;

/** Milliseconds. Keeps the session, which ends after five minutes without a request, while the shopper fills in the form. */
const REFRESH = 120_000;

/**
 * Returns the quote of this cart, shipped to the address once it is complete, and a function that requests it again. It
 * is also requested again after each refusal of the order.
 */
export function useQuote(
  lines: readonly CartLine[],
  values: FieldValues,
  today: Date,
  refusals: number,
): readonly [RequestState<Quote>, () => void] {
  // Strings, so that only another address or cart requests another quote.
  const address = isAddressComplete(values, today) ? JSON.stringify(readAddress(values)) : null;
  const cart = useMemo(() => JSON.stringify(lines.map(({ product, quantity }) => [product.id, quantity])), [lines]);
  const settledAddress = useDebounced(address, PAUSE);

  const ask = useCallback(
    (signal: AbortSignal) => quoteOrder(settledAddress === null ? null : (JSON.parse(settledAddress) as Address), signal),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the server's cart and prices decide
    [settledAddress, cart, refusals],
  );
  const [request, retry] = useRequest(ask);

  useEffect(() => {
    const timer = setInterval(retry, REFRESH);
    return () => {
      clearInterval(timer);
    };
  }, [retry]);

  return [request, retry];
}
