import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeShop } from "../testing/fakeShop";
import { manyProducts, someProducts } from "../testing/products";
import { visit } from "../testing/visit";

let shop: FakeShop;

beforeEach(() => {
  shop = new FakeShop(someProducts());
});

async function shownProducts(): Promise<(string | null)[]> {
  const list = await screen.findByRole("list", { name: "Products" });
  return within(list)
    .getAllByRole("heading")
    .map((heading) => heading.textContent);
}

function searchBox(): HTMLElement {
  return screen.getByRole("combobox", { name: "Search the shop" });
}

function suggestionNames(): (string | null | undefined)[] {
  return screen.queryAllByRole("option").map((option) => option.firstChild?.textContent);
}

describe("the collection", () => {
  test("is shown best rated first, with prices, ratings and pictures", async () => {
    visit("/", shop);

    expect(await shownProducts()).toEqual(["Mug", "Travel Mug", "Teapot", "Watch"]);
    const [mug] = screen.getAllByRole("listitem");
    expect(mug?.textContent).toContain("$8.99");
    expect(mug?.textContent).toContain("Rated 4.8 of 5, 12 reviews");
    const picture = screen.getByRole("img", { name: "Mug" });
    expect(picture.getAttribute("src")).toBe("/api/v1/content/mug.svg");
    expect(Number(picture.getAttribute("width")) / Number(picture.getAttribute("height"))).toBe(4 / 5);
  });

  test("loads only the first pictures at once", async () => {
    shop.products = manyProducts(12);
    visit("/", shop);
    await shownProducts();

    const loading = screen.getAllByRole("img").filter((image) => image.className === "picture");
    expect(loading.map((image) => image.getAttribute("loading"))).toEqual([
      ...Array<string>(4).fill("eager"),
      ...Array<string>(8).fill("lazy"),
    ]);
  });

  test("shows that it is loading", () => {
    shop.hold("POST /api/v1/product/search");
    visit("/", shop);

    expect(screen.getByRole("status", { name: "Loading the products" })).toBeDefined();
  });

  test("shows more products, and focuses the first of them", async () => {
    shop.products = manyProducts(14);
    const user = visit("/", shop);
    expect(await shownProducts()).toHaveLength(12);

    await user.click(screen.getByRole("button", { name: "Show more (2 left)" }));

    const thirteenth = await screen.findByRole("link", { name: "Piece 12" });
    expect(document.activeElement).toBe(thirteenth);
    expect(await shownProducts()).toHaveLength(14);
    expect(screen.queryByRole("button", { name: /Show more/ })).toBeNull();
  });

  test("shows why it could not be loaded, and loads on another try", async () => {
    shop.failNext("POST /api/v1/product/search", 502, "A backend service is not available.");
    const user = visit("/", shop);
    const failure = await screen.findByRole("alert");
    expect(failure.textContent).toContain("A backend service is not available.");

    await user.click(within(failure).getByRole("button", { name: "Try again" }));

    expect(await shownProducts()).toHaveLength(4);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test("is not shown from an invalid response", async () => {
    shop.products = shop.products.map((product) => ({ ...product, price: 8.995 }));
    visit("/", shop);

    const failure = await screen.findByRole("alert");
    expect(failure.textContent).toContain("response.results[0].price: must be dollars with at most two decimals");
  });
});

describe("a search", () => {
  test("shows matches, keeps its text in the address and the focus in the field", async () => {
    const user = visit("/", shop);

    await user.type(searchBox(), "mug{Enter}");

    await screen.findByRole("heading", { level: 1, name: "Search for “mug”" });
    expect(await shownProducts()).toEqual(["Mug", "Travel Mug"]);
    expect(screen.getByRole("status", { name: "Search results" }).textContent).toBe("2 products, best rated first");
    expect(window.location.search).toBe("?q=mug");
    expect(document.activeElement).toBe(searchBox());
    expect(document.title).toBe("Search for “mug” · Boutique");
  });

  test("can be opened by its address", async () => {
    visit("/?q=teapot", shop);

    expect(await shownProducts()).toEqual(["Teapot"]);
    expect((searchBox() as HTMLInputElement).value).toBe("teapot");
  });

  test("can be left for the whole collection, with an empty field", async () => {
    const user = visit("/?q=teapot", shop);
    await shownProducts();

    await user.click(screen.getByRole("link", { name: "Show the whole collection" }));

    await waitFor(async () => {
      expect(await shownProducts()).toHaveLength(4);
    });
    expect((searchBox() as HTMLInputElement).value).toBe("");
  });

  test("says that nothing matches", async () => {
    visit("/?q=submarine", shop);

    expect(await screen.findByText(/Nothing in the shop matches/)).toBeDefined();
    expect(screen.queryByRole("list", { name: "Products" })).toBeNull();
  });
});

describe("suggestions", () => {
  test("are selected with the arrow keys and opened with Enter", async () => {
    const user = visit("/", shop);
    await user.type(searchBox(), "mug");
    await screen.findAllByRole("option");
    expect(suggestionNames()).toEqual(["Mug", "Travel Mug"]);
    expect(searchBox().getAttribute("aria-expanded")).toBe("true");

    await user.keyboard("{ArrowDown}{ArrowDown}");

    const chosen = screen.getByRole("option", { selected: true });
    expect(chosen.textContent).toContain("Travel Mug");
    expect(searchBox().getAttribute("aria-activedescendant")).toBe(chosen.id);
    expect(document.activeElement).toBe(searchBox());

    await user.keyboard("{Enter}");

    expect(await screen.findByRole("heading", { level: 1, name: "Travel Mug" })).toBeDefined();
    expect(window.location.pathname).toBe("/product/travel-mug");
    expect(screen.queryAllByRole("option")).toEqual([]);
  });

  test("wrap around: up from the field is the last one, and up from the first is the field", async () => {
    const user = visit("/", shop);
    await user.type(searchBox(), "mug");
    await screen.findAllByRole("option");

    await user.keyboard("{ArrowUp}");
    expect(screen.getByRole("option", { selected: true }).textContent).toContain("Travel Mug");
    await user.keyboard("{ArrowUp}{ArrowUp}");
    expect(screen.queryByRole("option", { selected: true })).toBeNull();
  });

  test("are closed with Escape, which keeps the text", async () => {
    const user = visit("/", shop);
    await user.type(searchBox(), "mug");
    await screen.findAllByRole("option");

    await user.keyboard("{ArrowDown}{Escape}");
    expect(suggestionNames()).toEqual([]);
    expect(searchBox().getAttribute("aria-expanded")).toBe("false");

    await user.keyboard("{Enter}");
    expect(await screen.findByRole("heading", { level: 1, name: "Search for “mug”" })).toBeDefined();
  });

  test("open the product that is clicked", async () => {
    const user = visit("/", shop);
    await user.type(searchBox(), "wat");

    await user.click(await screen.findByRole("option", { name: /Watch/ }));

    expect(await screen.findByRole("heading", { level: 1, name: "Watch" })).toBeDefined();
  });

  test("for a changed text are aborted", async () => {
    const release = shop.hold("POST /api/v1/product/suggestions");
    const user = visit("/", shop);
    await user.type(searchBox(), "mug");
    await waitFor(() => {
      expect(shop.sent("POST /api/v1/product/suggestions")).toHaveLength(1);
    });

    await user.clear(searchBox());
    await user.type(searchBox(), "tea");
    await waitFor(() => {
      expect(shop.sent("POST /api/v1/product/suggestions")[0]?.signal.aborted).toBe(true);
    });
    release();

    expect(await screen.findByRole("option", { name: /Teapot/ })).toBeDefined();
    expect(suggestionNames()).toEqual(["Teapot"]);
  });

  test("that fail do not affect the search", async () => {
    shop.failNext("POST /api/v1/product/suggestions", 502, "down");
    const user = visit("/", shop);
    await user.type(searchBox(), "mug");
    await waitFor(() => {
      expect(shop.sent("POST /api/v1/product/suggestions")).toHaveLength(1);
    });

    await user.keyboard("{Enter}");

    expect(await screen.findByRole("heading", { level: 1, name: "Search for “mug”" })).toBeDefined();
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
