/** What can be told of a payment card without its bank. */

/** Without the spaces and dashes that people write between groups of digits. */
export function cardDigits(number: string): string {
  return number.replace(/[\s-]/g, "");
}

/** By the Luhn algorithm. Source: ISO/IEC 7812-1, annex B. */
export function hasValidCheckDigit(digits: string): boolean {
  const sum = Array.from(digits).reverse().reduce((total, digit, index) => {
    const value = index % 2 === 0 ? Number(digit) : 2 * Number(digit);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** "1228", "12/28" and "12 / 28" as "12/28"; anything else as it is. */
export function normalizeExpiration(text: string): string {
  return text.trim().replace(/^([0-9]{2})\s*\/?\s*([0-9]{2})$/, "$1/$2");
}

/** Whether a card of this "MM/YY" is past its last month. */
export function isExpired(expiration: string, today: Date): boolean {
  const month = Number(expiration.slice(0, 2));
  const year = 2000 + Number(expiration.slice(3));
  return year * 12 + month < today.getFullYear() * 12 + today.getMonth() + 1;
}
