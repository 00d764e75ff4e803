import { useId, useState } from "react";
import type { CartLine } from "../useCartLines";
import { MAXIMUM_QUANTITY } from "../cart";

/** Edits the quantity of a product. A typed number takes effect on blur or Enter. */
export function QuantityField({ line, onChange }: { readonly line: CartLine; readonly onChange: (quantity: number) => void }) {
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const { product, quantity } = line;
  const typed = readQuantity(draft ?? String(quantity));

  const change = (next: number) => {
    setDraft(null);
    if (next !== quantity && next >= 1 && next <= MAXIMUM_QUANTITY) {
      onChange(next);
    }
  };
  const commit = () => {
    if (typed !== null) {
      change(typed);
    }
  };

  return (
    <div className="quantity">
      <div className="stepper">
        <button
          type="button"
          aria-label={`One less: ${product.name}`}
          aria-disabled={quantity <= 1}
          onClick={() => {
            change(quantity - 1);
          }}
        >
          −
        </button>
        <input
          aria-label={`Quantity of ${product.name}`}
          aria-invalid={typed === null}
          aria-describedby={typed === null ? id : undefined}
          inputMode="numeric"
          autoComplete="off"
          value={draft ?? String(quantity)}
          onChange={(event) => {
            setDraft(event.target.value);
          }}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === "Enter") {
              commit();
            }
          }}
        />
        <button
          type="button"
          aria-label={`One more: ${product.name}`}
          aria-disabled={quantity >= MAXIMUM_QUANTITY}
          onClick={() => {
            change(quantity + 1);
          }}
        >
          +
        </button>
      </div>
      <p className="problem" id={id} aria-live="polite">
        {typed === null && `must be a whole number from 1 to ${String(MAXIMUM_QUANTITY)}`}
      </p>
    </div>
  );
}

/** Returns null for an invalid quantity. */
function readQuantity(text: string): number | null {
  const quantity = /^[0-9]{1,3}$/.test(text.trim()) ? Number(text) : 0;
  return quantity >= 1 && quantity <= MAXIMUM_QUANTITY ? quantity : null;
}
