import { useCallback } from "react";
import { checkWebGateway, searchProducts } from "../api";
import { Heading } from "../components/Heading";
import { useAnswer, type Answer } from "../useAnswer";

export function HealthPage() {
  const [webGateway, askWebGateway] = useAnswer(checkWebGateway);
  const [catalog, askCatalog] = useAnswer(
    useCallback((signal: AbortSignal) => searchProducts("", 1, signal), []),
  );
  return (
    <section className="plain-page">
      <Heading title="Is the shop well?" />
      <dl className="parts" aria-live="polite">
        <Part name="Web gateway" answer={webGateway} />
        <Part name="API gateway and catalog" answer={catalog} />
      </dl>
      <button
        type="button"
        onClick={() => {
          askWebGateway();
          askCatalog();
        }}
      >
        Check again
      </button>
    </section>
  );
}

function Part({ name, answer }: { readonly name: string; readonly answer: Answer<unknown> }) {
  return (
    <div className={answer.status}>
      <dt>{name}</dt>
      <dd>
        {answer.status === "loading" && "Asking…"}
        {answer.status === "ready" && "Answers"}
        {answer.status === "failed" && `Does not answer as it should: ${answer.error.message}`}
      </dd>
    </div>
  );
}
