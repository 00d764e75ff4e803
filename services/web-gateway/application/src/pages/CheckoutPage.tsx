import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { ApiError } from "../api";
import { EMPTY_FIELDS } from "../checkoutFields";
import { CheckoutForm } from "../components/CheckoutForm";
import { Failure } from "../components/Failure";
import { Heading } from "../components/Heading";
import { Skeleton } from "../components/Skeleton";
import { useCartLines } from "../useCartLines";
import { useOrdering } from "../useOrdering";

export function CheckoutPage() {
  const [cart, retry] = useCartLines();
  const ordering = useOrdering(retry);
  const [values, setValues] = useState(EMPTY_FIELDS);

  return (
    <>
      <Heading title="Checkout" />
      {ordering.doubt ? (
        <InDoubt error={ordering.doubt} placing={ordering.placing} onPlaceAgain={ordering.placeAgain} />
      ) : cart.status === "loading" ? (
        <Skeleton label="Loading the cart" shape="line" count={3} />
      ) : cart.status === "failed" ? (
        <Failure title="The cart could not be loaded." error={cart.error} onRetry={retry} />
      ) : cart.lines.length === 0 ? (
        <NothingToOrder refusal={ordering.refusal} />
      ) : (
        <CheckoutForm lines={cart.lines} ordering={ordering} values={values} onChange={setValues} />
      )}
    </>
  );
}

interface InDoubtProps {
  readonly error: ApiError;
  readonly placing: boolean;
  readonly onPlaceAgain: () => void;
}

function InDoubt({ error, placing, onPlaceAgain }: InDoubtProps) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    panel.current?.focus();
  }, []);
  return (
    <div className="failure" role="alert" ref={panel} tabIndex={-1}>
      <p className="failure-title">We do not know whether your order was placed.</p>
      <p>{error.message}</p>
      <p>You can safely send it again: the order is placed, and paid, at most once.</p>
      <button type="button" aria-disabled={placing} onClick={onPlaceAgain}>
        {placing ? "Sending it again…" : "Send the order again"}
      </button>
    </div>
  );
}

function NothingToOrder({ refusal }: { readonly refusal: ApiError | null }) {
  return (
    <div className="empty">
      {refusal && (
        <div className="failure" role="alert">
          <p className="failure-title">This was not ordered.</p>
          <p>{refusal.message}</p>
        </div>
      )}
      <p className="lead">There is nothing in your cart, so there is nothing to pay for.</p>
      <Link className="button" to="/">
        Look around
      </Link>
    </div>
  );
}
