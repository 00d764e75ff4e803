import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeShop } from "../testing/fakeShop";
import { someProducts } from "../testing/products";
import { visit } from "../testing/visit";

let shop: FakeShop;

beforeEach(() => {
  shop = new FakeShop(someProducts());
});

function cartLink(): string | null {
  return within(screen.getByRole("banner")).getByRole("link", { name: /^Cart/ }).getAttribute("aria-label");
}

function notice(): string | null {
  return screen.getByRole("status", { name: "Cart changes" }).textContent;
}

function quantityOf(name: string): HTMLInputElement {
  return screen.getByRole("textbox", { name: `Quantity of ${name}` });
}

async function openCart() {
  shop.cart.set("mug", 2).set("watch", 1);
  const user = visit("/cart", shop);
  await screen.findByRole("list", { name: "Products in the cart" });
  return user;
}

describe("adding to the cart", () => {
  test("is announced at once, and counted in the header", async () => {
    const user = visit("/", shop);

    await user.click(await screen.findByRole("button", { name: "Add to cart Mug" }));

    await waitFor(() => {
      expect(notice()).toBe("Added to the cart: Mug.");
    });
    expect(cartLink()).toBe("Cart, 1 piece");
    expect(shop.cart.get("mug")).toBe(1);
  });

  test("twice quickly adds two", async () => {
    const user = visit("/", shop);

    await user.dblClick(await screen.findByRole("button", { name: "Add to cart Mug" }));

    await waitFor(() => {
      expect(notice()).toBe("Added to the cart: Mug, now 2.");
    });
    expect(cartLink()).toBe("Cart, 2 pieces");
    expect(shop.cart.get("mug")).toBe(2);
  });

  test("adds to what another tab has added", async () => {
    const user = visit("/", shop);
    const button = await screen.findByRole("button", { name: "Add to cart Mug" });
    shop.cart.set("mug", 4);

    await user.click(button);

    await waitFor(() => {
      expect(shop.cart.get("mug")).toBe(5);
    });
  });

  test("shows the reason of a failure, and undoes the change", async () => {
    shop.failNext("PUT /api/v1/cart", 503, "There is too much to do.");
    const user = visit("/", shop);

    await user.click(await screen.findByRole("button", { name: "Add to cart Mug" }));

    await waitFor(() => {
      expect(notice()).toBe("Not added: Mug. There is too much to do.");
    });
    await waitFor(() => {
      expect(cartLink()).toBe("Cart");
    });
  });

  test("sends the session only as a cookie", async () => {
    const user = visit("/", shop);
    await user.click(await screen.findByRole("button", { name: "Add to cart Mug" }));
    await waitFor(() => {
      expect(notice()).not.toBe("");
    });

    expect(JSON.stringify(shop.requests.map(({ body }) => body ?? null))).not.toContain("session_id");
  });
});

describe("the cart", () => {
  test("shows each product's quantity and price, and the items' total", async () => {
    await openCart();

    const [mug, watch] = within(screen.getByRole("list", { name: "Products in the cart" })).getAllByRole("listitem");
    expect(mug?.textContent).toContain("$8.99 each");
    expect(mug?.textContent).toContain("$17.98");
    expect(quantityOf("Mug").value).toBe("2");
    expect(watch?.textContent).toContain("$109.99");
    expect(screen.getByText("Goods").nextSibling?.textContent).toBe("$127.97");
  });

  test("changes the quantity by one", async () => {
    const user = await openCart();

    await user.click(screen.getByRole("button", { name: "One more: Mug" }));
    await waitFor(() => {
      expect(notice()).toBe("In the cart: Mug, now 3.");
    });
    expect(quantityOf("Mug").value).toBe("3");
    expect(screen.getByText("Goods").nextSibling?.textContent).toBe("$136.96");

    await user.click(screen.getByRole("button", { name: "One less: Mug" }));
    await waitFor(() => {
      expect(shop.cart.get("mug")).toBe(2);
    });
  });

  test("does not go below a quantity of one", async () => {
    const user = await openCart();

    await user.click(screen.getByRole("button", { name: "One less: Watch" }));

    expect(quantityOf("Watch").value).toBe("1");
    expect(shop.sent("PUT")).toEqual([]);
  });

  test("accepts a typed quantity on Enter and on blur", async () => {
    const user = await openCart();

    await user.clear(quantityOf("Mug"));
    await user.type(quantityOf("Mug"), "12{Enter}");
    await waitFor(() => {
      expect(shop.cart.get("mug")).toBe(12);
    });

    await user.clear(quantityOf("Mug"));
    await user.type(quantityOf("Mug"), "7");
    await user.tab();
    await waitFor(() => {
      expect(shop.cart.get("mug")).toBe(7);
    });
    expect(shop.sent("PUT").map(({ route }) => route)).toEqual(["PUT /api/v1/cart/mug/12", "PUT /api/v1/cart/mug/7"]);
  });

  test.each(["0", "100", "two", "1.5"])("refuses the quantity %j while it is typed", async (typed) => {
    const user = await openCart();

    await user.clear(quantityOf("Mug"));
    await user.type(quantityOf("Mug"), `${typed}{Enter}`);

    expect(quantityOf("Mug").getAttribute("aria-invalid")).toBe("true");
    const problem = document.getElementById(quantityOf("Mug").getAttribute("aria-describedby") ?? "");
    expect(problem?.textContent).toBe("must be a whole number from 1 to 99");
    expect(shop.sent("PUT")).toEqual([]);
  });

  test("restores the quantity when a change fails", async () => {
    const user = await openCart();
    shop.failNext("PUT /api/v1/cart/mug/3", 502, "A backend service is not available.");

    await user.click(screen.getByRole("button", { name: "One more: Mug" }));

    await waitFor(() => {
      expect(notice()).toContain("A backend service is not available.");
    });
    await waitFor(() => {
      expect(quantityOf("Mug").value).toBe("2");
    });
  });

  test("removes a product, and keeps the focus", async () => {
    const user = await openCart();

    await user.click(screen.getByRole("button", { name: "Remove Mug" }));

    await waitFor(() => {
      expect(notice()).toBe("Removed from the cart: Mug.");
    });
    expect(screen.queryByRole("button", { name: "Remove Mug" })).toBeNull();
    expect([...shop.cart.keys()]).toEqual(["watch"]);
    expect(document.activeElement).toBe(screen.getByRole("group", { name: "What is in the cart" }));
  });

  test("can be emptied", async () => {
    const user = await openCart();

    await user.click(screen.getByRole("button", { name: "Empty the cart" }));

    expect(await screen.findByText("There is nothing in it yet.")).toBeDefined();
    await waitFor(() => {
      expect(shop.cart.size).toBe(0);
    });
    expect(document.activeElement).toBe(screen.getByRole("group", { name: "What is in the cart" }));
  });

  test("links to the collection when it is empty", async () => {
    visit("/cart", shop);

    expect(await screen.findByText("There is nothing in it yet.")).toBeDefined();
    expect(screen.getByRole("link", { name: "Look around" }).getAttribute("href")).toBe("/");
    expect(screen.queryByRole("link", { name: "Go to checkout" })).toBeNull();
  });

  test("lets a discontinued product be removed", async () => {
    shop.cart.set("withdrawn", 1);
    const user = await openCart();
    expect(await screen.findByText("This product is no longer in the shop.")).toBeDefined();

    await user.click(screen.getByRole("button", { name: "Remove withdrawn" }));

    await waitFor(() => {
      expect(shop.cart.has("withdrawn")).toBe(false);
    });
    expect(screen.queryByText("This product is no longer in the shop.")).toBeNull();
  });

  test("shows the new state when the session has ended", async () => {
    const user = await openCart();
    shop.cart.clear();

    await user.click(screen.getByRole("button", { name: "One more: Mug" }));

    await waitFor(() => {
      expect(screen.queryByRole("button", { name: "Remove Watch" })).toBeNull();
    });
    expect(quantityOf("Mug").value).toBe("3");
  });

  test("shows that it is loading", () => {
    shop.hold("POST /api/v1/cart");
    visit("/cart", shop);

    expect(screen.getByRole("status", { name: "Loading the cart" })).toBeDefined();
  });

  test.each(["POST /api/v1/cart", "POST /api/v1/product/documents"])(
    "shows why %s failed, and loads on another try",
    async (route) => {
      shop.cart.set("mug", 2);
      shop.failNext(route, 504, "A backend service did not respond in time.");
      const user = visit("/cart", shop);
      const failure = await screen.findByRole("alert");
      expect(failure.textContent).toContain("A backend service did not respond in time.");

      await user.click(within(failure).getByRole("button", { name: "Try again" }));

      expect(await screen.findByRole("button", { name: "Remove Mug" })).toBeDefined();
    },
  );
});
