import type { ApiError } from "../api";

interface FailureProps {
  /** Says what failed. */
  readonly title: string;
  readonly error: ApiError;
  readonly onRetry: () => void;
}

export function Failure({ title, error, onRetry }: FailureProps) {
  return (
    <div className="failure" role="alert">
      <p className="failure-title">{title}</p>
      <p>{error.message}</p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
