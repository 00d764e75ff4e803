/** The checkout form: its fields, what is allowed in each, and what is sent of them. */
import type { Address, Card } from "./api";
import { cardDigits, hasValidCheckDigit, isExpired, normalizeExpiration } from "./card";

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
  /** Whether typing on may still mend it: such a problem is not worth a word before the shopper leaves the field. */
  readonly unfinished: boolean;
}

/** Null where the field may be sent as it is. */
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

/** The card's bill goes to the address of the parcel, and so does its postal code. */
export function readCard(values: FieldValues): Card {
  return {
    name: values.name.trim(),
    number: cardDigits(values.number),
    expiration: normalizeExpiration(values.expiration),
    security_code: values.security_code.trim(),
    postal_code: values.postal_code.trim(),
  };
}

/** As it is shown once the shopper has left the field. */
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

type Check = (value: string, today: Date) => Problem | null;

const CARD_DIGITS = 16;

const CHECKS: Readonly<Record<FieldName, Check>> = {
  email(value) {
    if (value === "" || (value.length <= 254 && /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(value))) {
      return null;
    }
    return unfinished("Write an e-mail address such as ada@example.com, or leave this empty.");
  },
  street_1: needed("Street and number", 256),
  street_2: optional("This line", 254),
  city: needed("City", 128),
  state: optional("State or region", 128),
  // Some countries have none.
  postal_code: (value) =>
    /^[A-Za-z0-9 -]{0,16}$/.test(value)
      ? null
      : hopeless("A postal code is at most 16 letters, digits, spaces and dashes."),
  country: needed("Country", 128),
  name: needed("Name on the card", 256),
  number(value) {
    const digits = cardDigits(value);
    if (digits === "") {
      return unfinished("Card number is needed.");
    }
    if (!/^[0-9]+$/.test(digits)) {
      return hopeless("A card number is digits alone; spaces and dashes may stand between them.");
    }
    if (digits.length > CARD_DIGITS) {
      return hopeless("This is more than the 16 digits of a card number.");
    }
    if (digits.length < CARD_DIGITS) {
      return unfinished("A card number has 16 digits.");
    }
    return hasValidCheckDigit(digits) ? null : hopeless("This is no card number: please check its digits.");
  },
  expiration(value, today) {
    const expiration = normalizeExpiration(value);
    if (!/^[0-9]{0,2}\s*\/?\s*[0-9]{0,2}$/.test(expiration) || /^(0\s*\/|00|1[3-9]|[2-9][0-9])/.test(expiration)) {
      return hopeless("Write month and year as MM/YY, such as 09/30.");
    }
    if (!/^[0-9]{2}\/[0-9]{2}$/.test(expiration)) {
      return unfinished("Write month and year as MM/YY, such as 09/30.");
    }
    return isExpired(expiration, today) ? hopeless("This card has expired.") : null;
  },
  security_code(value) {
    if (/^[0-9]{3,4}$/.test(value)) {
      return null;
    }
    return /^[0-9]{0,2}$/.test(value)
      ? unfinished("The security code is the 3 digits on the back of the card.")
      : hopeless("A security code is 3 or 4 digits alone.");
  },
};

function needed(label: string, maximum: number): Check {
  return (value) => (value === "" ? unfinished(`${label} is needed.`) : checkLength(label, value, maximum));
}

function optional(label: string, maximum: number): Check {
  return (value) => checkLength(label, value, maximum);
}

function checkLength(label: string, value: string, maximum: number): Problem | null {
  return value.length > maximum ? hopeless(`${label} must be at most ${String(maximum)} characters.`) : null;
}

function unfinished(text: string): Problem {
  return { text, unfinished: true };
}

function hopeless(text: string): Problem {
  return { text, unfinished: false };
}
