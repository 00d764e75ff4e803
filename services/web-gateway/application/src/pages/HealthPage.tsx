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
        <Part name="Web gateway" request={webGateway} />
        <Part name="API gateway and catalog" request={catalog} />
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

function Part({ name, request }: { readonly name: string; readonly request: RequestState<unknown> }) {
  return (
    <div className={request.status}>
      <dt>{name}</dt>
      <dd>
        {request.status === "loading" && "Checking…"}
        {request.status === "ready" && "Working"}
        {request.status === "failed" && `Not working: ${request.error.message}`}
      </dd>
    </div>
  );
}
