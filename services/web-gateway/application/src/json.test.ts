import { expect, test } from "vitest";
import { readCents } from "./json";

test.each([
  [0, 0],
  [8.99, 899],
  [19.99, 1999],
  [1.15, 115],
  [999999.99, 99999999],
])("%d dollars are %d cents", (dollars, cents) => {
  expect(readCents(dollars, "price")).toBe(cents);
});

test.each([-1, 8.995, Number.NaN, "8.99", null])("%j is not a price", (value) => {
  expect(() => readCents(value, "response.price")).toThrow(/^response\.price: must be /);
});
