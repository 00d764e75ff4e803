/**
 * The shop's HTTP API. Every response is validated here, and every failure is an ApiError. The cookie carries the session.
 */
import { readArray, readCents, readCount, readNumber, readObject, readText } from "./json";
import type { Cents } from "./money";

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly price: Cents;
  /** 0 to 5. */
  readonly rating: number;
  readonly reviews: number;
  readonly filename: string;
}

export interface SearchResult {
  /** Number of all matches; `products` may have only the first. */
  readonly total: number;
  readonly products: readonly Product[];
}

/** Quantities by product id. */
export type Quantities = ReadonlyMap<string, number>;

export interface Address {
  readonly street_1: string;
  readonly street_2: string;
  readonly city: string;
  readonly state: string;
  readonly postal_code: string;
  readonly country: string;
}

export interface Card {
  readonly name: string;
  readonly number: string;
  /** "MM/YY" */
  readonly expiration: string;
  readonly security_code: string;
  readonly postal_code: string;
}

export interface Quote {
  readonly itemsTotal: Cents;
  readonly shippingCost: Cents;
  readonly total: Cents;
}

export interface OrderRequest {
  /** The items' total that the shopper agreed to. Any other is refused with 409. */
  readonly amount: Cents;
  /** Empty for no confirmation. */
  readonly email: string;
  /** Shipping and billing address. */
  readonly address: Address;
  readonly card: Card;
}

export interface OrderItem {
  readonly id: string;
  readonly quantity: number;
  /** Unit price. */
  readonly price: Cents;
}

export interface Order extends Quote {
  readonly orderId: string;
  readonly trackingId: string;
  readonly items: readonly OrderItem[];
}

export class ApiError extends Error {
  /** The HTTP status, or null if there was no response. */
  readonly status: number | null;

  constructor(reason: string, status: number | null) {
    super(reason);
    this.name = "ApiError";
    this.status = status;
  }

  /** Whether the shop certainly did nothing. After other errors the request may have been carried out. */
  get isRefusal(): boolean {
    return this.status !== null && this.status >= 400 && this.status < 500;
  }
}

export function pictureAddress(filename: string): string {
  return `/api/v1/content/${encodeURIComponent(filename)}`;
}

export function searchProducts(query: string, size: number, signal: AbortSignal): Promise<SearchResult> {
  return call("POST", "/api/v1/product/search", readSearchResult, { body: { query, page: { size } }, signal });
}

export function suggestProducts(query: string, size: number, signal: AbortSignal): Promise<SearchResult> {
  return call("POST", "/api/v1/product/suggestions", readSearchResult, { body: { query, page: { size } }, signal });
}

/** Returns the products that the catalog has. */
export async function fetchProducts(ids: readonly string[], signal: AbortSignal): Promise<readonly Product[]> {
  // For the API, an empty list means the whole catalog.
  return ids.length === 0 ? [] : call("POST", "/api/v1/product/documents", readProducts, { body: ids, signal });
}

export function readCart(): Promise<Quantities> {
  return call("POST", "/api/v1/cart", readQuantities, { body: {} });
}

export function setQuantity(productId: string, quantity: number): Promise<void> {
  return call("PUT", `/api/v1/cart/${encodeURIComponent(productId)}/${String(quantity)}`, readNothing);
}

export function removeFromCart(productId: string): Promise<void> {
  return call("DELETE", `/api/v1/cart/${encodeURIComponent(productId)}`, readNothing);
}

export function emptyCart(): Promise<void> {
  return call("DELETE", "/api/v1/cart", readNothing);
}

/** Quotes the cart with shipping. `address` is null while it is incomplete. */
export function quoteOrder(address: Address | null, signal: AbortSignal): Promise<Quote> {
  const body = address === null ? {} : { shipping: { address } };
  return call("POST", "/api/v1/checkout/quote", readQuoteResponse, { body, signal });
}

/** Places an order. Orders with the same key are placed once. */
export function placeOrder(request: OrderRequest, idempotencyKey: string): Promise<Order> {
  const { amount, email, address, card } = request;
  return call("POST", "/api/v1/checkout/process", readOrder, {
    body: {
      amount: amount / 100,
      ...(email === "" ? {} : { email }),
      shipping: { address },
      billing: { address, card },
    },
    headers: { "Idempotency-Key": idempotencyKey },
    timeout: ORDER_TIMEOUT,
  });
}

/** Resolves if the web gateway is healthy. */
export function checkWebGateway(signal: AbortSignal): Promise<void> {
  return call("GET", "/healthz", readHealth, { signal });
}

/** Milliseconds. */
const TIMEOUT = 10_000;
const ORDER_TIMEOUT = 30_000;

interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

async function call<T>(
  method: string,
  path: string,
  read: (value: unknown, where: string) => T,
  { body, headers = {}, signal, timeout = TIMEOUT }: Call = {},
): Promise<T> {
  const deadline = AbortSignal.timeout(timeout);
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new ApiError(
      deadline.aborted
        ? `The shop did not respond within ${String(timeout / 1000)} seconds.`
        : "The shop cannot be reached. Please check your connection.",
      null,
    );
  }
  if (!response.ok) {
    throw new ApiError(readReason(text) ?? `The shop responded with status ${String(response.status)}.`, response.status);
  }
  try {
    return read(JSON.parse(text), "response");
  } catch (error) {
    const problem = error instanceof TypeError ? error.message : "response: must be JSON";
    throw new ApiError(`The shop's response to ${path} is not valid: ${problem}.`, response.status);
  }
}

/** Returns null if the response does not come from the API, but from something in between. */
function readReason(text: string): string | null {
  try {
    const failure = readObject(JSON.parse(text), "response");
    const reason = readText(failure.reason, "response.reason");
    return failure.request_id === undefined
      ? reason
      : `${reason} (request ${readText(failure.request_id, "response.request_id")})`;
  } catch {
    return null;
  }
}

function readProduct(value: unknown, where: string): Product {
  const product = readObject(value, where);
  return {
    id: readText(product.id, `${where}.id`),
    name: readText(product.name, `${where}.name`),
    description: readText(product.description, `${where}.description`),
    price: readCents(product.price, `${where}.price`),
    rating: readNumber(product.rating, `${where}.rating`),
    reviews: readCount(product.reviews, `${where}.reviews`),
    filename: readText(product.filename, `${where}.filename`),
  };
}

function readProducts(value: unknown, where: string): Product[] {
  return readArray(value, where, readProduct);
}

function readSearchResult(value: unknown, where: string): SearchResult {
  const { meta, results } = readObject(value, where);
  const { page } = readObject(meta, `${where}.meta`);
  const { total_results } = readObject(page, `${where}.meta.page`);
  return {
    total: readCount(total_results, `${where}.meta.page.total_results`),
    products: readProducts(results, `${where}.results`),
  };
}

function readQuantities(value: unknown, where: string): Quantities {
  const data = readObject(readObject(value, where).data, `${where}.data`);
  return new Map(
    Object.entries(data).map(([id, quantity]) => {
      // The contract's quantities are strings.
      const text = readText(quantity, `${where}.data.${id}`);
      return [id, readCount(/^[0-9]+$/.test(text) ? Number(text) : NaN, `${where}.data.${id}`)];
    }),
  );
}

function readQuote(value: unknown, where: string): Quote {
  const quote = readObject(value, where);
  return {
    itemsTotal: readCents(quote.items_total, `${where}.items_total`),
    shippingCost: readCents(quote.shipping_cost, `${where}.shipping_cost`),
    total: readCents(quote.total, `${where}.total`),
  };
}

function readQuoteResponse(value: unknown, where: string): Quote {
  return readQuote(readObject(value, where).data, `${where}.data`);
}

function readOrder(value: unknown, where: string): Order {
  const order = readObject(value, where);
  return {
    ...readQuote(value, where),
    orderId: readText(order.order_id, `${where}.order_id`),
    trackingId: readText(order.tracking_id, `${where}.tracking_id`),
    items: readArray(order.items, `${where}.items`, readOrderItem),
  };
}

function readOrderItem(value: unknown, where: string): OrderItem {
  const item = readObject(value, where);
  return {
    id: readText(item.id, `${where}.id`),
    quantity: readCount(item.quantity, `${where}.quantity`),
    price: readCents(item.price, `${where}.price`),
  };
}

function readHealth(value: unknown, where: string): void {
  if (readObject(value, where).healthy !== true) {
    throw new TypeError(`${where}.healthy: must be true`);
  }
}

function readNothing(): void {
  // Such a response has no content besides its status.
}
