import { afterEach, expect, test, vi } from "vitest";
import { ApiError, checkWebGateway, readCart, searchProducts } from "./api";

const signal = new AbortController().signal;

function respondWith(status: number, body: string): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status })));
}

async function failureOf(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("an error has the API's reason and status", async () => {
  respondWith(400, '{"message":"failure","reason":"page.size: must be at most 100"}');

  const failure = await failureOf(searchProducts("mug", 500, signal));

  expect(failure).toMatchObject({ message: "page.size: must be at most 100", status: 400, isRefusal: true });
});

test("an internal error has its request id", async () => {
  respondWith(500, '{"message":"failure","reason":"Internal error.","request_id":"5f2c"}');

  const failure = await failureOf(readCart());

  expect(failure).toMatchObject({ message: "Internal error. (request 5f2c)", status: 500, isRefusal: false });
});

test("an error that does not come from the API has its status", async () => {
  respondWith(502, "<html>Bad Gateway</html>");

  expect(await failureOf(readCart())).toMatchObject({ message: "The shop responded with status 502.", isRefusal: false });
});

test.each([
  ["<html>", "response: must be JSON"],
  ['{"message":"success"}', "response.data: must be an object"],
  ['{"message":"success","data":{"mug":2}}', "response.data.mug: must be a string"],
  ['{"message":"success","data":{"mug":"-2"}}', "response.data.mug: must be a whole number, at least 0"],
])("an invalid response, %s, is an error with its path", async (body, where) => {
  respondWith(200, body);

  expect((await failureOf(readCart())).message).toBe(`The shop's response to /api/v1/cart is not valid: ${where}.`);
});

test("an unhealthy gateway is an error", async () => {
  respondWith(200, '{"healthy":false}');

  expect((await failureOf(checkWebGateway(signal))).message).toContain("response.healthy: must be true");
});

test("an unreachable shop is an error without a status", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));

  const failure = await failureOf(readCart());

  expect(failure.message).toBe("The shop cannot be reached. Please check your connection.");
  expect(failure).toMatchObject({ status: null, isRefusal: false });
});

test("a request times out", async () => {
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
  vi.stubGlobal("fetch", (_address: string, { signal }: RequestInit) => {
    signal?.throwIfAborted();
  });

  const failure = await failureOf(readCart());

  expect(failure).toMatchObject({ message: "The shop did not respond within 10 seconds.", status: null });
});

test("an aborted request is not an ApiError", async () => {
  const aborted = AbortSignal.abort();
  vi.stubGlobal("fetch", (_address: string, { signal }: RequestInit) => {
    signal?.throwIfAborted();
  });

  await expect(searchProducts("mug", 6, aborted)).rejects.toBe(aborted.reason);
});
