import { useRef, useState, type SubmitEvent } from "react";
import type { ApiError } from "../api";
import {
  FIELD_NAMES,
  findProblem,
  readAddress,
  readCard,
  tidyValue,
  type FieldName,
  type FieldValues,
} from "../checkoutFields";
import { formatCents } from "../money";
import type { CartLine } from "../useCartLines";
import type { Ordering } from "../useOrdering";
import { useQuote } from "../useQuote";
import { Field } from "./Field";
import { OrderSummary } from "./OrderSummary";

interface CheckoutFormProps {
  readonly lines: readonly CartLine[];
  readonly ordering: Ordering;
  readonly values: FieldValues;
  readonly onChange: (values: FieldValues) => void;
}

export function CheckoutForm({ lines, ordering, values, onChange }: CheckoutFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [today] = useState(() => new Date());
  const [left, setLeft] = useState<ReadonlySet<FieldName>>(new Set());
  const [wrongFields, setWrongFields] = useState(0);
  const [quote, retryQuote] = useQuote(lines, values, today, ordering.refusals);
  const agreed = quote.status === "ready" ? quote.value : null;

  const field = (name: FieldName) => {
    const problem = findProblem(name, values[name], today);
    return {
      name,
      value: values[name],
      problem: problem && (left.has(name) || !problem.unfinished) ? problem.text : "",
      onType: (typed: FieldName, value: string) => {
        onChange({ ...values, [typed]: value });
      },
      onLeave: (leaving: FieldName) => {
        setLeft(new Set(left).add(leaving));
        onChange({ ...values, [leaving]: tidyValue(leaving, values[leaving]) });
      },
    };
  };

  const pay = (event: SubmitEvent) => {
    event.preventDefault();
    const wrong = FIELD_NAMES.filter((name) => findProblem(name, values[name], today) !== null);
    setLeft(new Set(FIELD_NAMES));
    setWrongFields(wrong.length);
    const [first] = wrong;
    if (first !== undefined) {
      form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
      return;
    }
    if (agreed === null) {
      return;
    }
    ordering.place(
      { amount: agreed.itemsTotal, email: values.email.trim(), address: readAddress(values), card: readCard(values) },
      new Map(lines.map(({ product }) => [product.id, product.name])),
    );
  };

  return (
    <div className="split">
      <form className="checkout" noValidate ref={form} onSubmit={pay}>
        <fieldset>
          <legend>Contact</legend>
          <Field {...field("email")} label="E-mail" type="email" autoComplete="email" optional wide />
        </fieldset>
        <fieldset>
          <legend>Address</legend>
          <Field {...field("street_1")} label="Street and number" autoComplete="address-line1" wide />
          <Field {...field("street_2")} label="Flat, floor or company" autoComplete="address-line2" optional wide />
          <Field {...field("postal_code")} label="Postal code" autoComplete="postal-code" optional />
          <Field {...field("city")} label="City" autoComplete="address-level2" />
          <Field {...field("state")} label="State or region" autoComplete="address-level1" optional />
          <Field {...field("country")} label="Country" autoComplete="country-name" />
        </fieldset>
        <fieldset>
          <legend>Card</legend>
          <p className="quiet wide">
            Visa or Mastercard, billed to the address above. This is a demonstration: try 4242 4242 4242 4242 with any
            future month and any three digits.
          </p>
          <Field {...field("name")} label="Name on the card" autoComplete="cc-name" optional wide />
          <Field {...field("number")} label="Card number" autoComplete="cc-number" inputMode="numeric" wide />
          <Field {...field("expiration")} label="Expires" autoComplete="cc-exp" inputMode="numeric" placeholder="MM/YY" />
          <Field {...field("security_code")} label="Security code" autoComplete="cc-csc" inputMode="numeric" />
        </fieldset>
        <div className="pay">
          {ordering.refusal && <Refusal error={ordering.refusal} total={agreed && formatCents(agreed.total)} />}
          <button type="submit" aria-disabled={agreed === null || ordering.placing}>
            {ordering.placing ? "Placing the order…" : agreed ? `Pay ${formatCents(agreed.total)}` : "Pay"}
          </button>
          <p className="problem" role="status" aria-label="Checkout problems">
            {wrongFields > 0 && `${wrongFields === 1 ? "One field needs" : `${String(wrongFields)} fields need`} another look.`}
          </p>
        </div>
      </form>
      <OrderSummary lines={lines} quote={quote} onRetry={retryQuote} />
    </div>
  );
}

function Refusal({ error, total }: { readonly error: ApiError; readonly total: string | null }) {
  return (
    <div className="failure" role="alert">
      <p className="failure-title">Nothing was ordered yet.</p>
      <p>{error.message}</p>
      {error.status === 409 && total !== null && <p>It is now {total} in all. Pay again if that is right.</p>}
    </div>
  );
}
