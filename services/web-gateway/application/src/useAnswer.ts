import { useCallback, useEffect, useState } from "react";
import { ApiError } from "./api";

export type Answer<T> =
  /** `previous` is what the last question was answered, to be shown meanwhile. */
  | { readonly status: "loading"; readonly previous: T | null }
  | { readonly status: "failed"; readonly error: ApiError }
  | { readonly status: "ready"; readonly value: T };

interface Settled<T> {
  readonly ask: unknown;
  readonly attempt: number;
  readonly answer: Answer<T>;
}

/**
 * The answer to a question to the API, and a function that asks once more.
 *
 * It is asked when the component appears and whenever `ask` is another function (so wrap it in useCallback); a question
 * that is no longer of interest is aborted.
 */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>): readonly [Answer<T>, () => void] {
  const [attempt, setAttempt] = useState(0);
  const [settled, setSettled] = useState<Settled<T> | null>(null);

  useEffect(() => {
    const interest = new AbortController();
    const settle = (answer: Answer<T>) => {
      if (!interest.signal.aborted) {
        setSettled({ ask, attempt, answer });
      }
    };
    ask(interest.signal).then(
      (value) => {
        settle({ status: "ready", value });
      },
      (error: unknown) => {
        settle({ status: "failed", error: error instanceof ApiError ? error : new ApiError(String(error), null) });
      },
    );
    return () => {
      interest.abort();
    };
  }, [ask, attempt]);

  const askAgain = useCallback(() => {
    setAttempt((last) => last + 1);
  }, []);

  if (settled?.ask === ask && settled.attempt === attempt) {
    return [settled.answer, askAgain];
  }
  return [{ status: "loading", previous: settled?.answer.status === "ready" ? settled.answer.value : null }, askAgain];
}
