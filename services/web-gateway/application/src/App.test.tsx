import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeShop } from "./testing/fakeShop";
import { someProducts } from "./testing/products";
import { visit } from "./testing/visit";

let shop: FakeShop;

beforeEach(() => {
  shop = new FakeShop(someProducts());
});

describe("going from page to page", () => {
  test("starts with a link that skips the navigation", async () => {
    const user = visit("/", shop);

    await user.tab();

    expect(document.activeElement).toBe(screen.getByRole("link", { name: "Skip to the content" }));
    expect(document.activeElement?.getAttribute("href")).toBe(`#${screen.getByRole("main").id}`);
  });

  test("moves the focus to the new page's heading, and sets its title", async () => {
    const user = visit("/", shop);

    await user.click(within(screen.getByRole("banner")).getByRole("link", { name: /^Cart/ }));

    expect(document.activeElement).toBe(screen.getByRole("heading", { level: 1, name: "Your cart" }));
    expect(document.title).toBe("Your cart · Boutique");
  });

  test("removes the notice of the last page", async () => {
    const user = visit("/", shop);
    await user.click(await screen.findByRole("button", { name: "Add to cart Mug" }));
    await user.click(await screen.findByRole("link", { name: "See the cart" }));

    await waitFor(() => {
      expect(screen.getByRole("status", { name: "Cart changes" }).textContent).toBe("");
    });
  });
});

describe("an unknown address", () => {
  test.each(["/nowhere", "/cart/nothing", "/product"])("such as %s is reported", (address) => {
    visit(address, shop);

    expect(screen.getByRole("heading", { level: 1, name: "There is nothing here." })).toBeDefined();
    expect(screen.getByRole("link", { name: "To the collection" }).getAttribute("href")).toBe("/");
  });

  test("such as an unknown product is reported", async () => {
    visit("/product/submarine", shop);

    expect(await screen.findByRole("heading", { level: 1, name: "There is nothing here." })).toBeDefined();
  });

  test.each([null, "{}", "not JSON"])("such as a confirmation with %j in the storage is reported", (kept) => {
    if (kept !== null) {
      sessionStorage.setItem("boutique.confirmed-order", kept);
    }
    visit("/confirmation", shop);

    expect(screen.getByRole("heading", { level: 1, name: "No order was placed here." })).toBeDefined();
  });
});

describe("a product", () => {
  test("is shown, and can be added to the cart", async () => {
    const user = visit("/product/teapot", shop);
    await screen.findByRole("heading", { level: 1, name: "Teapot" });
    expect(screen.getByText("A well-made teapot.")).toBeDefined();
    expect(screen.getByText("$54.99")).toBeDefined();
    expect(screen.getByText("Rated 4.3 of 5, 12 reviews")).toBeDefined();

    await user.click(screen.getByRole("button", { name: "Add to cart Teapot" }));

    await waitFor(() => {
      expect(shop.cart.get("teapot")).toBe(1);
    });
    expect(screen.getByRole("link", { name: "your cart" }).parentElement?.textContent).toBe("1 in your cart");
  });

  test("without reviews has no rating", async () => {
    shop.products = shop.products.map((product) => ({ ...product, rating: 0, reviews: 0 }));
    visit("/product/teapot", shop);

    expect(await screen.findByText("No reviews yet")).toBeDefined();
    expect(screen.queryByText(/^Rated/)).toBeNull();
  });

  test("cannot be added beyond the maximum quantity", async () => {
    shop.cart.set("teapot", 99);
    const user = visit("/product/teapot", shop);

    await user.click(await screen.findByRole("button", { name: "No more of this Teapot" }));

    expect(shop.sent("PUT")).toEqual([]);
  });

  test("that could not be loaded can be loaded again", async () => {
    shop.failNext("POST /api/v1/product/documents", 500, "Internal error; the logs have it under the request id.");
    const user = visit("/product/teapot", shop);
    const failure = await screen.findByRole("alert");

    await user.click(within(failure).getByRole("button", { name: "Try again" }));

    expect(await screen.findByRole("heading", { level: 1, name: "Teapot" })).toBeDefined();
  });
});

describe("the health page", () => {
  test("shows that the services work", async () => {
    visit("/health", shop);

    await waitFor(() => {
      expect(screen.getAllByRole("definition").map(({ textContent }) => textContent)).toEqual(["Working", "Working"]);
    });
  });

  test("shows which service fails, and why, until it works", async () => {
    shop.failNext("POST /api/v1/product/search", 502, "A backend service is not available.");
    const user = visit("/health", shop);
    const parts = () => screen.getAllByRole("definition").map(({ textContent }) => textContent);
    await waitFor(() => {
      expect(parts()).toEqual(["Working", "Not working: A backend service is not available."]);
    });

    await user.click(screen.getByRole("button", { name: "Check again" }));

    await waitFor(() => {
      expect(parts()).toEqual(["Working", "Working"]);
    });
  });
});
