import { cleanup, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeShop } from "../testing/fakeShop";
import { someProducts } from "../testing/products";
import { visit } from "../testing/visit";

const PROCESS = "POST /api/v1/checkout/process";

const FILLED = {
  "Street and number": "12 Analytical Row",
  "Postal code": "SW1A 1AA",
  City: "London",
  Country: "United Kingdom",
  "Name on the card": "Ada Lovelace",
  "Card number": "4242424242424242",
  Expires: "1239",
  "Security code": "007",
};

let shop: FakeShop;

beforeEach(() => {
  shop = new FakeShop(someProducts());
  shop.cart.set("mug", 2);
});

function field(label: string): HTMLInputElement {
  return screen.getByLabelText(new RegExp(`^${label}`));
}

function problemOf(label: string): string {
  const id = field(label).getAttribute("aria-describedby");
  return (id && document.getElementById(id)?.textContent) ?? "";
}

async function payButton(total: string): Promise<HTMLElement> {
  return screen.findByRole("button", { name: `Pay ${total}` });
}

async function openCheckout(): Promise<UserEvent> {
  const user = visit("/checkout", shop);
  await payButton("$22.97");
  return user;
}

/** Waits for the quote of the complete address. */
async function fillIn(user: UserEvent): Promise<void> {
  for (const [label, value] of Object.entries(FILLED)) {
    await user.click(field(label));
    await user.paste(value);
  }
  await waitFor(() => {
    expect(shop.sent("POST /api/v1/checkout/quote").at(-1)?.body).toMatchObject({ shipping: { address: { city: "London" } } });
  });
  await waitFor(() => {
    expect(screen.getByRole("button", { name: /^Pay/ }).getAttribute("aria-disabled")).toBe("false");
  });
}

describe("before paying", () => {
  test("the total is shown, with shipping", async () => {
    await openCheckout();

    const summary = screen.getByRole("complementary", { name: "Your order" });
    expect(summary.textContent).toContain("2 × Mug$17.98");
    expect(summary.textContent).toContain("Goods$17.98Shipping$4.99Total$22.97");
  });

  test("nothing can be paid before the total is known", async () => {
    const release = shop.hold("POST /api/v1/checkout/quote");
    visit("/checkout", shop);

    const button = await screen.findByRole("button", { name: "Pay" });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    release();
    expect((await payButton("$22.97")).getAttribute("aria-disabled")).toBe("false");
  });

  test("a quote that failed can be requested again", async () => {
    shop.failNext("POST /api/v1/checkout/quote", 502, "A backend service is not available.");
    const user = visit("/checkout", shop);
    const failure = await screen.findByRole("alert");
    expect(failure.textContent).toContain("A backend service is not available.");

    await user.click(within(failure).getByRole("button", { name: "Try again" }));

    expect(await payButton("$22.97")).toBeDefined();
  });

  test("an empty cart cannot be paid for", async () => {
    shop.cart.clear();
    visit("/checkout", shop);

    expect(await screen.findByText(/There is nothing in your cart/)).toBeDefined();
    expect(screen.queryByRole("button", { name: /^Pay/ })).toBeNull();
  });
});

describe("a field", () => {
  test("shows an unfinished value's problem on blur, not while typing", async () => {
    const user = await openCheckout();

    await user.type(field("Card number"), "4242 4242");
    expect(problemOf("Card number")).toBe("");
    expect(field("Card number").getAttribute("aria-invalid")).toBe("false");

    await user.tab();
    expect(problemOf("Card number")).toBe("must be 12 to 19 digits");
    expect(field("Card number").getAttribute("aria-invalid")).toBe("true");
  });

  test("is valid again as soon as it is corrected", async () => {
    const user = await openCheckout();
    await user.type(field("City"), " ");
    await user.tab();
    expect(problemOf("City")).toBe("must be 1 to 128 characters on one line");

    await user.type(field("City"), "L");
    expect(problemOf("City")).toBe("");
  });

  test.each([
    ["Card number", "4242x", "must be 12 to 19 digits"],
    ["Card number", "4242424242424241", "has a typing error; please check its digits"],
    ["Card number", "42424242424242424242", "must be 12 to 19 digits"],
    ["Expires", "13", "must be a month and a year as MM/YY, such as 01/39"],
    ["Expires", "01/20", "has expired"],
    ["Security code", "12a", "must be 3 or 4 digits"],
    ["Postal code", "10_115", "must be 1 to 16 letters, digits, spaces, or dashes, such as 94043 or SW1A 1AA"],
  ])("%s shows at once that more typing cannot fix %j", async (label, typed, problem) => {
    const user = await openCheckout();

    await user.type(field(label), typed);

    expect(problemOf(label)).toBe(problem);
  });

  test("is formatted on blur", async () => {
    const user = await openCheckout();

    await user.type(field("Card number"), "4432-8015-6152-0454");
    await user.type(field("Expires"), "1239");
    await user.tab();

    expect(field("Card number").value).toBe("4432 8015 6152 0454");
    expect(field("Expires").value).toBe("12/39");
  });

  test("for the e-mail address may be empty, but not invalid", async () => {
    const user = await openCheckout();
    await user.click(field("E-mail"));
    await user.tab();
    expect(problemOf("E-mail")).toBe("");

    await user.type(field("E-mail"), "ada@example");
    await user.tab();
    expect(problemOf("E-mail")).toBe("must be an e-mail address, such as ada@example.com");
  });
});

describe("paying", () => {
  test("with missing fields sends nothing, counts them, and focuses the first", async () => {
    const user = await openCheckout();
    await user.type(field("Street and number"), "12 Analytical Row");

    await user.click(await payButton("$22.97"));

    expect(document.activeElement).toBe(field("City"));
    expect(screen.getByRole("status", { name: "Checkout problems" }).textContent).toBe("5 fields need another look.");
    expect(problemOf("Country")).toBe("must be 1 to 128 characters on one line");
    expect(shop.sent(PROCESS)).toEqual([]);
  });

  test("orders what was shown, and confirms it", async () => {
    const user = await openCheckout();
    await fillIn(user);
    await user.type(field("E-mail"), "ada@example.com");

    await user.click(await payButton("$22.97"));

    await screen.findByRole("heading", { level: 1, name: "Thank you." });
    const address = {
      street_1: "12 Analytical Row",
      street_2: "",
      city: "London",
      state: "",
      postal_code: "SW1A 1AA",
      country: "United Kingdom",
    };
    expect(shop.sent(PROCESS).map(({ body }) => body)).toEqual([
      {
        amount: 17.98,
        email: "ada@example.com",
        shipping: { address },
        billing: {
          address,
          card: {
            name: "Ada Lovelace",
            number: "4242424242424242",
            expiration: "12/39",
            security_code: "007",
            postal_code: "SW1A 1AA",
          },
        },
      },
    ]);
    expect(screen.getByRole("definition", { name: "Order" }).textContent).toBe("00000000-0000-4000-8000-000000000001");
    const page = screen.getByRole("main").textContent;
    expect(page).toContain("LM-41-9001");
    expect(page).toContain("A confirmation is being sent to ada@example.com.");
    expect(page).toContain("2 × Mug$17.98");
    expect(page).toContain("Goods$17.98Shipping$4.99Total$22.97");
    expect(window.location.pathname).toBe("/confirmation");
    await waitFor(() => {
      expect(within(screen.getByRole("banner")).getByRole("link", { name: "Cart" })).toBeDefined();
    });
  });

  test("without an e-mail address promises no confirmation", async () => {
    const user = await openCheckout();
    await fillIn(user);

    await user.click(await payButton("$22.97"));

    await screen.findByRole("heading", { level: 1, name: "Thank you." });
    expect(shop.sent(PROCESS)[0]?.body).not.toHaveProperty("email");
    expect(screen.queryByText(/A confirmation is being sent/)).toBeNull();
  });

  test("with a double click orders once", async () => {
    const user = await openCheckout();
    await fillIn(user);
    const release = shop.hold(PROCESS);

    await user.dblClick(await payButton("$22.97"));
    await user.click(screen.getByRole("button", { name: "Placing the order…" }));
    release();

    await screen.findByRole("heading", { level: 1, name: "Thank you." });
    expect(shop.sent(PROCESS)).toHaveLength(1);
    expect(shop.sent(PROCESS)[0]?.headers.get("Idempotency-Key")).toMatch(/^[0-9a-f]{32}$/);
    expect(shop.orders.size).toBe(1);
  });

  test("a changed total is refused and shown, and paid only on another click", async () => {
    const user = await openCheckout();
    await fillIn(user);
    shop.products = shop.products.map((product) => (product.id === "mug" ? { ...product, price: 9.99 } : product));

    await user.click(await payButton("$22.97"));

    const again = await payButton("$24.97");
    const refusal = screen.getByRole("alert").textContent;
    expect(refusal).toContain("amount: the goods cost 19.98 now");
    expect(refusal).toContain("It is now $24.97 in all.");
    await waitFor(() => {
      expect(screen.getByRole("complementary", { name: "Your order" }).textContent).toContain("2 × Mug$19.98");
    });
    expect(shop.orders.size).toBe(0);

    await user.click(again);

    await screen.findByRole("heading", { level: 1, name: "Thank you." });
    expect(shop.sent(PROCESS).map(({ body }) => (body as { amount: number }).amount)).toEqual([17.98, 19.98]);
    const [first, second] = shop.sent(PROCESS).map(({ headers }) => headers.get("Idempotency-Key"));
    expect(first).not.toBe(second);
  });

  test("with a refused card shows the reason, and keeps the form", async () => {
    const user = await openCheckout();
    await fillIn(user);
    shop.failNext(PROCESS, 400, "Invalid card number");

    await user.click(await payButton("$22.97"));

    expect((await screen.findByRole("alert")).textContent).toContain("Invalid card number");
    expect(field("Street and number").value).toBe("12 Analytical Row");
    expect(field("Card number").value).toBe("4242 4242 4242 4242");
  });

  test("can be repeated when the response is lost, and orders once", async () => {
    const user = await openCheckout();
    await fillIn(user);
    shop.loseNextResponse(PROCESS);

    await user.click(await payButton("$22.97"));
    const doubt = await screen.findByRole("alert");
    expect(doubt.textContent).toContain("We do not know whether your order was placed.");
    expect(screen.queryByRole("button", { name: /^Pay/ })).toBeNull();

    await user.click(within(doubt).getByRole("button", { name: "Send the order again" }));

    await screen.findByRole("heading", { level: 1, name: "Thank you." });
    const [first, second] = shop.sent(PROCESS);
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers.get("Idempotency-Key")).toBe(first?.headers.get("Idempotency-Key"));
    expect(shop.orders.size).toBe(1);
  });

  test("for a cart that was emptied elsewhere is refused with the reason", async () => {
    const user = await openCheckout();
    await fillIn(user);
    shop.cart.clear();

    await user.click(await payButton("$22.97"));

    expect(await screen.findByText(/There is nothing in your cart/)).toBeDefined();
    expect(screen.getByRole("alert").textContent).toContain("the cart is empty");
  });
});

test("the confirmation survives a reload", async () => {
  const user = await openCheckout();
  await fillIn(user);
  await user.click(await payButton("$22.97"));
  await screen.findByRole("heading", { level: 1, name: "Thank you." });

  cleanup();
  visit("/confirmation", shop);

  expect(screen.getByRole("definition", { name: "Order" }).textContent).toBe("00000000-0000-4000-8000-000000000001");
  expect(screen.getByRole("main").textContent).toContain("2 × Mug$17.98");
});
