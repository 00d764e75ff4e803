/** An amount in US cents: an integer, so that sums are exact. */
export type Cents = number;

const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

/** Formats an amount as "$1,234.50". */
export function formatCents(amount: Cents): string {
  return dollars.format(amount / 100);
}
