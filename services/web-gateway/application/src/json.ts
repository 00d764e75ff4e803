/**
 * Validates JSON from outside. Each function takes a value and its path, and returns it with its type or throws a
 * TypeError with the path and what is allowed.
 */
import type { Cents } from "./money";

export function readObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${where}: must be an object`);
  }
  return value as Record<string, unknown>;
}

export function readArray<T>(value: unknown, where: string, readItem: (item: unknown, where: string) => T): T[] {
  if (!Array.isArray(value)) {
    throw new TypeError(`${where}: must be an array`);
  }
  return value.map((item: unknown, index) => readItem(item, `${where}[${String(index)}]`));
}

export function readText(value: unknown, where: string): string {
  if (typeof value !== "string") {
    throw new TypeError(`${where}: must be a string`);
  }
  return value;
}

export function readNumber(value: unknown, where: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new TypeError(`${where}: must be a number`);
  }
  return value;
}

export function readCount(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) {
    throw new TypeError(`${where}: must be a whole number, at least 0`);
  }
  return Number(value);
}

/** Converts US dollars with at most two decimals. */
export function readCents(value: unknown, where: string): Cents {
  const hundredfold = readNumber(value, where) * 100;
  const cents = Math.round(hundredfold);
  // 19.99 * 100 is not exactly 1999 in binary. A third decimal is much farther off than that.
  if (cents < 0 || Math.abs(hundredfold - cents) > 0.001) {
    throw new TypeError(`${where}: must be dollars with at most two decimals, at least 0`);
  }
  return cents;
}
