import { describe, expect, test } from "vitest";
import { cardDigits, hasValidCheckDigit, isExpired, normalizeExpiration } from "./card";

describe("a card's number", () => {
  test.each(["4242424242424242", "4432801561520454", "5555555555554444"])("%s ends in its check digit", (digits) => {
    expect(hasValidCheckDigit(digits)).toBe(true);
  });

  test.each(["4242424242424241", "4224424242424242", "4432801561520445"])("%s has a typing error", (digits) => {
    expect(hasValidCheckDigit(digits)).toBe(false);
  });

  test("may be written in groups", () => {
    expect(cardDigits("4432-8015 6152-0454")).toBe("4432801561520454");
  });
});

describe("a card's expiration", () => {
  test.each(["1228", "12/28", "12 / 28", " 12/28 "])("may be written as %j", (text) => {
    expect(normalizeExpiration(text)).toBe("12/28");
  });

  test("is the end of its month", () => {
    expect(isExpired("02/26", new Date(2026, 1, 28))).toBe(false);
    expect(isExpired("02/26", new Date(2026, 2, 1))).toBe(true);
    expect(isExpired("12/25", new Date(2026, 0, 1))).toBe(true);
    expect(isExpired("01/27", new Date(2026, 11, 31))).toBe(false);
  });
});
