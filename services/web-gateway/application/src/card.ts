/** Checks and formats of payment cards. */

/** Removes the spaces and dashes between groups of digits. */
export function cardDigits(number: string): string {
  return number.replace(/[\s-]/g, "");
}

/** Checks the last digit by the Luhn algorithm. Source: ISO/IEC 7812-1, annex B. */
export function hasValidCheckDigit(digits: string): boolean {
  const sum = Array.from(digits).reverse().reduce((total, digit, index) => {
    const value = index % 2 === 0 ? Number(digit) : 2 * Number(digit);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** Formats "1228", "12/28" and "12 / 28" as "12/28". Leaves other texts unchanged. */
export function normalizeExpiration(text: string): string {
  return text.trim().replace(/^([0-9]{2})\s*\/?\s*([0-9]{2})$/, "$1/$2");
}

/** Tells whether the last month, as "MM/YY", has passed. */
export function isExpired(expiration: string, today: Date): boolean {
  const month = Number(expiration.slice(0, 2));
  const year = 2000 + Number(expiration.slice(3));
  return year * 12 + month < today.getFullYear() * 12 + today.getMonth() + 1;
}
