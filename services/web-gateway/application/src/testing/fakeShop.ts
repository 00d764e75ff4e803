/** A fake of `fetch` with the shop's API, in memory. */

export interface FakeProduct {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** US dollars, as in the API. */
  price: number;
  readonly rating: number;
  readonly reviews: number;
  readonly filename: string;
  readonly categories: readonly string[];
}

export interface RecordedRequest {
  /** For example "PUT /api/v1/cart/mug/2". */
  readonly route: string;
  readonly body: unknown;
  readonly headers: Headers;
  /** Aborted once nobody waits for the response. */
  readonly signal: AbortSignal;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const SHIPPING_CENTS = 499;

export class FakeShop {
  products: readonly FakeProduct[];
  readonly cart = new Map<string, number>();
  readonly requests: RecordedRequest[] = [];
  readonly orders = new Map<string, Reply>();
  #failures: { route: string; reply: Reply | "lost" }[] = [];
  #held = new Map<string, Promise<void>>();

  constructor(products: readonly FakeProduct[]) {
    this.products = products;
  }

  /** The next request whose route has this prefix fails. */
  failNext(route: string, status: number, reason: string): void {
    this.#failures.push({ route, reply: { status, body: { message: "failure", reason } } });
  }

  /** The next request whose route has this prefix is carried out, but its response is lost. */
  loseNextResponse(route: string): void {
    this.#failures.push({ route, reply: "lost" });
  }

  /** Requests whose route has this prefix wait until the returned function is called. */
  hold(route: string): () => void {
    let open: () => void = () => undefined;
    this.#held.set(
      route,
      new Promise((resolve) => {
        open = resolve;
      }),
    );
    return () => {
      this.#held.delete(route);
      open();
    };
  }

  sent(route: string): readonly RecordedRequest[] {
    return this.requests.filter((request) => request.route.startsWith(route));
  }

  /** Replaces `fetch`. */
  readonly fetch = async (address: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const route = `${init.method ?? "GET"} ${address instanceof Request ? address.url : address.toString()}`;
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    const headers = new Headers(init.headers);
    const signal = init.signal ?? new AbortController().signal;
    this.requests.push({ route, body, headers, signal });
    const held = [...this.#held].find(([prefix]) => route.startsWith(prefix));
    if (held) {
      const givenUp = new Promise((resolve) => {
        signal.addEventListener("abort", resolve);
      });
      await Promise.race([held[1], givenUp]);
    }
    signal.throwIfAborted();
    const failing = this.#failures.findIndex((failure) => route.startsWith(failure.route));
    const failure = failing < 0 ? undefined : this.#failures.splice(failing, 1)[0];
    const reply = failure && failure.reply !== "lost" ? failure.reply : this.#carryOut(route, body, headers);
    if (failure?.reply === "lost") {
      throw new TypeError("Failed to fetch");
    }
    return new Response(JSON.stringify(reply.body), { status: reply.status });
  };

  #carryOut(route: string, body: unknown, headers: Headers): Reply {
    const [method = "", path = ""] = route.split(" ");
    switch (route) {
      case "GET /healthz":
        return success({ healthy: true });
      case "POST /api/v1/product/search":
        return this.#find(body as SearchBody, (product, query) =>
          `${product.name} ${product.description}`.toLowerCase().includes(query),
        );
      case "POST /api/v1/product/suggestions":
        return this.#find(body as SearchBody, (product, query) => product.name.toLowerCase().includes(query));
      case "POST /api/v1/product/documents":
        return success(this.products.filter(({ id }) => (body as string[]).includes(id)));
      case "POST /api/v1/cart":
        return success({ message: "success", data: Object.fromEntries([...this.cart].map(([id, n]) => [id, String(n)])) });
      case "DELETE /api/v1/cart":
        this.cart.clear();
        return success({ message: "success" });
      case "POST /api/v1/checkout/quote":
        return this.#quote();
      case "POST /api/v1/checkout/process":
        return this.#order(body as { amount: number }, headers.get("Idempotency-Key") ?? "");
    }
    const [, id = "", quantity] = /^\/api\/v1\/cart\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
    return id && (method === "PUT" || method === "DELETE")
      ? this.#change(id, Number(quantity ?? 0))
      : refusal(404, `${path}: there is no such route`);
  }

  #find({ query, page }: SearchBody, matches: (product: FakeProduct, query: string) => boolean): Reply {
    const found = this.products
      .filter((product) => matches(product, query.toLowerCase()))
      .sort((one, other) => other.rating - one.rating);
    return success({ meta: { page: { total_results: found.length } }, results: found.slice(0, page.size) });
  }

  #change(id: string, quantity: number): Reply {
    if (quantity === 0) {
      this.cart.delete(id);
    } else if (this.products.some((product) => product.id === id)) {
      this.cart.set(id, quantity);
    } else {
      return refusal(404, `no product with ID ${id}`);
    }
    return success({ message: "success" });
  }

  get #itemsTotalCents(): number {
    return this.products.reduce((sum, { id, price }) => sum + Math.round(price * 100) * (this.cart.get(id) ?? 0), 0);
  }

  get #totals() {
    const itemsTotal = this.#itemsTotalCents;
    return {
      items_total: itemsTotal / 100,
      shipping_cost: SHIPPING_CENTS / 100,
      total: (itemsTotal + SHIPPING_CENTS) / 100,
    };
  }

  #quote(): Reply {
    return this.cart.size === 0 ? refusal(409, "the cart is empty") : success({ message: "success", data: this.#totals });
  }

  #order({ amount }: { amount: number }, key: string): Reply {
    const earlier = this.orders.get(key);
    if (earlier) {
      return earlier;
    }
    if (this.cart.size === 0) {
      return refusal(409, "the cart is empty");
    }
    if (Math.round(amount * 100) !== this.#itemsTotalCents) {
      return refusal(409, `amount: the goods cost ${(this.#itemsTotalCents / 100).toFixed(2)} now`);
    }
    const reply = success({
      message: "success",
      order_id: `00000000-0000-4000-8000-${String(this.orders.size + 1).padStart(12, "0")}`,
      tracking_id: "LM-41-9001",
      ...this.#totals,
      items: this.products
        .filter(({ id }) => this.cart.has(id))
        .map(({ id, price }) => ({ id, quantity: this.cart.get(id), price })),
    });
    this.orders.set(key, reply);
    this.cart.clear();
    return reply;
  }
}

interface SearchBody {
  readonly query: string;
  readonly page: { readonly size: number };
}

function success(body: unknown): Reply {
  return { status: 200, body };
}

function refusal(status: number, reason: string): Reply {
  return { status, body: { message: "failure", reason } };
}
