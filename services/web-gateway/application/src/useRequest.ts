import { useCallback, useEffect, useState } from "react";
import { ApiError } from "./api";

export type RequestState<T> =
  /** `previous` is the result before, shown until there is a new one. */
  | { readonly status: "loading"; readonly previous: T | null }
  | { readonly status: "failed"; readonly error: ApiError }
  | { readonly status: "ready"; readonly value: T };

interface Settled<T> {
  readonly send: unknown;
  readonly attempt: number;
  readonly state: RequestState<T>;
}

/**
 * Returns the result of an API request, and a function that repeats the request.
 *
 * The request is sent when the component mounts and whenever `send` changes (so wrap it in useCallback). A request that is
 * no longer needed is aborted.
 */
export function useRequest<T>(send: (signal: AbortSignal) => Promise<T>): readonly [RequestState<T>, () => void] {
  const [attempt, setAttempt] = useState(0);
  const [settled, setSettled] = useState<Settled<T> | null>(null);

  useEffect(() => {
    const controller = new AbortController();
    const settle = (state: RequestState<T>) => {
      if (!controller.signal.aborted) {
        setSettled({ send, attempt, state });
      }
    };
    send(controller.signal).then(
      (value) => {
        settle({ status: "ready", value });
      },
      (error: unknown) => {
        settle({ status: "failed", error: error instanceof ApiError ? error : new ApiError(String(error), null) });
      },
    );
    return () => {
      controller.abort();
    };
  }, [send, attempt]);

  const retry = useCallback(() => {
    setAttempt((last) => last + 1);
  }, []);

  if (settled?.send === send && settled.attempt === attempt) {
    return [settled.state, retry];
  }
  return [{ status: "loading", previous: settled?.state.status === "ready" ? settled.state.value : null }, retry];
}
