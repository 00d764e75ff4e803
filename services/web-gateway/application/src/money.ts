/** An amount in US cents: a whole number, so that no sum is ever rounded. */
export type Cents = number;

const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

/** Such as "$1,234.50". */
export function formatCents(amount: Cents): string {
  return dollars.format(amount / 100);
}
