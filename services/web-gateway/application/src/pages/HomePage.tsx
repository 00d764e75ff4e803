import { useCallback, useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { searchProducts, type SearchResult } from "../api";
import { Failure } from "../components/Failure";
import { Heading } from "../components/Heading";
import { ProductGrid } from "../components/ProductGrid";
import { Skeleton } from "../components/Skeleton";
import { useRequest } from "../useRequest";
import hero from "../assets/hero.svg";

const PAGE_SIZE = 12;
/** The API's maximum. */
const MAXIMUM_SIZE = 100;

export function HomePage() {
  const [parameters] = useSearchParams();
  const query = (parameters.get("q") ?? "").trim();
  return (
    <>
      {query === "" ? (
        <section className="hero">
          <div>
            <Heading title="Well loved, well made">Well loved, well made.</Heading>
            <p className="lead">
              Pieces for the table, the home and the way out of the door, in the order in which those who own them would
              recommend them.
            </p>
          </div>
          <img src={hero} alt="" width="480" height="300" />
        </section>
      ) : (
        <div className="found">
          <Heading title={`Search for “${query}”`} />
          <Link to="/">Show the whole collection</Link>
        </div>
      )}
      <Results key={query} query={query} />
    </>
  );
}

function Results({ query }: { readonly query: string }) {
  const [size, setSize] = useState(PAGE_SIZE);
  const [request, retry] = useRequest(
    useCallback((signal: AbortSignal) => searchProducts(query, size, signal), [query, size]),
  );

  if (request.status === "failed") {
    return <Failure title="The products could not be loaded." error={request.error} onRetry={retry} />;
  }
  const result = request.status === "ready" ? request.value : request.previous;
  if (result === null) {
    return <Skeleton label="Loading the products" shape="card" count={PAGE_SIZE} />;
  }
  return (
    <ProductList
      result={result}
      loading={request.status === "loading"}
      onMore={() => {
        setSize(Math.min(size + PAGE_SIZE, MAXIMUM_SIZE));
      }}
    />
  );
}

interface ProductListProps {
  readonly result: SearchResult;
  readonly loading: boolean;
  readonly onMore: () => void;
}

function ProductList({ result, loading, onMore }: ProductListProps) {
  const { total, products } = result;
  const list = useFocusOnFirstNew(products.length);
  return (
    <>
      <p className="quiet" role="status" aria-label="Search results">
        {total === 0
          ? "Nothing in the shop matches. Try fewer or shorter words."
          : `${String(total)} ${total === 1 ? "product" : "products"}, best rated first`}
      </p>
      {total > 0 && <ProductGrid products={products} ref={list} />}
      {products.length < Math.min(total, MAXIMUM_SIZE) && (
        <p className="more">
          <button type="button" className="quieter" aria-disabled={loading} onClick={loading ? undefined : onMore}>
            {loading ? "Loading more…" : `Show more (${String(total - products.length)} left)`}
          </button>
        </p>
      )}
    </>
  );
}

/** Focuses the first of the added products, since the focused button may be gone. */
function useFocusOnFirstNew(count: number) {
  const list = useRef<HTMLUListElement>(null);
  const shown = useRef(count);
  useEffect(() => {
    if (count > shown.current) {
      list.current?.children[shown.current]?.querySelector("a")?.focus();
    }
    shown.current = count;
  }, [count]);
  return list;
}
