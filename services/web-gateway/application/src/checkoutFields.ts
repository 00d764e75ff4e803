/** The fields of the checkout form: how each is checked, shown and sent. */
import type { Address, Card } from "./api";
import { cardDigits, hasValidCheckDigit, isExpired, normalizeExpiration } from "./card";
import {
  CARD_EXPIRATION,
  CARD_NAME,
  CARD_NUMBER,
  CITY,
  COUNTRY,
  EMAIL_ADDRESS,
  POSTAL_CODE,
  SECURITY_CODE,
  STATE,
  STREET_LINE_1,
  STREET_LINE_2,
} from "./limits.json";

export type FieldName =
  | "email"
  | "street_1"
  | "street_2"
  | "city"
  | "state"
  | "postal_code"
  | "country"
  | "name"
  | "number"
  | "expiration"
  | "security_code";

export type FieldValues = Readonly<Record<FieldName, string>>;

export const EMPTY_FIELDS: FieldValues = {
  email: "",
  street_1: "",
  street_2: "",
  city: "",
  state: "",
  postal_code: "",
  country: "",
  name: "",
  number: "",
  expiration: "",
  security_code: "",
};

export const FIELD_NAMES = Object.keys(EMPTY_FIELDS) as readonly FieldName[];

export interface Problem {
  readonly text: string;
  /** Whether typing more may still fix it. Such a problem is not shown before the shopper leaves the field. */
  readonly unfinished: boolean;
}

/** Returns null for a valid value. */
export function findProblem(name: FieldName, value: string, today: Date): Problem | null {
  return CHECKS[name](value.trim(), today);
}

export function readAddress(values: FieldValues): Address {
  return {
    street_1: values.street_1.trim(),
    street_2: values.street_2.trim(),
    city: values.city.trim(),
    state: values.state.trim(),
    postal_code: values.postal_code.trim(),
    country: values.country.trim(),
  };
}

export function isAddressComplete(values: FieldValues, today: Date): boolean {
  return ADDRESS_FIELDS.every((name) => findProblem(name, values[name], today) === null);
}

/** The billing address is the shipping address, and so is its postal code. */
export function readCard(values: FieldValues): Card {
  return {
    name: values.name.trim(),
    number: cardDigits(values.number),
    expiration: normalizeExpiration(values.expiration),
    security_code: values.security_code.trim(),
    postal_code: values.postal_code.trim(),
  };
}

/** Formats a value once the shopper has left its field. */
export function tidyValue(name: FieldName, value: string): string {
  switch (name) {
    case "number":
      return /^[0-9\s-]+$/.test(value) ? cardDigits(value).replace(/(.{4})(?=.)/g, "$1 ") : value;
    case "expiration":
      return normalizeExpiration(value);
    default:
      return value;
  }
}

const ADDRESS_FIELDS = ["street_1", "street_2", "city", "state", "postal_code", "country"] as const;

interface TextRule {
  readonly pattern: string;
  readonly maximum_length: number;
  readonly message: string;
}

/** Whether the text meets a rule of the contract. */
export function accepts({ pattern, maximum_length }: TextRule, text: string): boolean {
  return Array.from(text).length <= maximum_length && new RegExp(`^(?:${pattern})$`, "u").test(text);
}

type Check = (value: string, today: Date) => Problem | null;

const CARD_DIGITS = 16;

const CHECKS: Readonly<Record<FieldName, Check>> = {
  email: (value) => (value === "" ? null : check(EMAIL_ADDRESS, value, /^/)),
  street_1: (value) => check(STREET_LINE_1, value),
  street_2: (value) => check(STREET_LINE_2, value),
  city: (value) => check(CITY, value),
  state: (value) => check(STATE, value),
  // Some countries have none.
  postal_code: (value) => (value === "" ? null : check(POSTAL_CODE, value)),
  country: (value) => check(COUNTRY, value),
  name: (value) => check(CARD_NAME, value),
  number(value) {
    const digits = cardDigits(value);
    const problem = check(CARD_NUMBER, digits, /^[0-9]{0,11}$/);
    if (problem !== null || hasValidCheckDigit(digits)) {
      return problem;
    }
    return { text: "has a typing error; please check its digits", unfinished: digits.length < CARD_DIGITS };
  },
  expiration(value, today) {
    const expiration = normalizeExpiration(value);
    const problem = check(CARD_EXPIRATION, expiration, /^(0?[1-9]?|(0[1-9]|1[0-2])\s*\/?\s*[0-9]?)$/);
    if (problem !== null || !isExpired(expiration, today)) {
      return problem;
    }
    return { text: "has expired", unfinished: false };
  },
  security_code: (value) => check(SECURITY_CODE, value, /^[0-9]{0,2}$/),
};

/** Checks a rule. Values that match `unfinished` may still become valid as more is typed. */
function check(rule: TextRule, value: string, unfinished = /^$/): Problem | null {
  return accepts(rule, value) ? null : { text: rule.message, unfinished: unfinished.test(value) };
}
