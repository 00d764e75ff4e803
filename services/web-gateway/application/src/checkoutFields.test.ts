import { expect, test } from "vitest";
import { accepts } from "./checkoutFields";
import { CITY, EMAIL_ADDRESS, POSTAL_CODE } from "./limits.json";

test.each([
  [EMAIL_ADDRESS, "ada.o'hara+shop@mail.example.co.uk"],
  [CITY, "東京 🏠"],
  [CITY, "🏠".repeat(128)],
  [POSTAL_CODE, "SW1A 1AA"],
])("the rule %j accepts %j, as in the services", (rule, text) => {
  expect(accepts(rule, text)).toBe(true);
});

test.each([
  [EMAIL_ADDRESS, "ada@localhost"],
  [CITY, " \u00a0 "],
  [CITY, "Lon\u202edon"],
  [CITY, "a".repeat(129)],
  [POSTAL_CODE, "10115\n"],
])("the rule %j refuses %j, as in the services", (rule, text) => {
  expect(accepts(rule, text)).toBe(false);
});
