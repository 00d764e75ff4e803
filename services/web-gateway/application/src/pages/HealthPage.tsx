import { useCallback } from "react";
import { checkWebGateway, searchProducts } from "../api";
import { Heading } from "../components/Heading";
import { useRequest, type RequestState } from "../useRequest";

export function HealthPage() {
  const [webGateway, retryWebGateway] = useRequest(checkWebGateway);
  const [catalog, retryCatalog] = useRequest(
    useCallback((signal: AbortSignal) => searchProducts("", 1, signal), []),
  );
  return (
    <section className="plain-page">
      <Heading title="Shop status" />
      <dl className="parts" aria-live="polite">
        <Part name="Web gateway" answer={webGateway} />
        <Part name="API gateway and catalog" answer={catalog} />
      </dl>
      <button
        type="button"
        onClick={() => {
          retryWebGateway();
          retryCatalog();
        }}
      >
        Check again
      </button>
    </section>
  );
}

function Part({ name, answer }: { readonly name: string; readonly answer: RequestState<unknown> }) {
  return (
    <div className={answer.status}>
      <dt>{name}</dt>
      <dd>
        {answer.status === "loading" && "Checking…"}
        {answer.status === "ready" && "Working"}
        {answer.status === "failed" && `Not working: ${answer.error.message}`}
      </dd>
    </div>
  );
}
