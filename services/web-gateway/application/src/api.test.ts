import { afterEach, expect, test, vi } from "vitest";
import { ApiError, checkWebGateway, readCart, searchProducts } from "./api";

const interest = new AbortController().signal;

function answerWith(status: number, body: string): void {
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

test("a failure has the reason that the API gives, and its status", async () => {
  answerWith(400, '{"message":"failure","reason":"page.size: must be at most 100"}');

  const failure = await failureOf(searchProducts("mug", 500, interest));

  expect(failure).toMatchObject({ message: "page.size: must be at most 100", status: 400, isRefusal: true });
});

test("a failure of the API's own has the id to find it by", async () => {
  answerWith(500, '{"message":"failure","reason":"A fault of ours.","request_id":"5f2c"}');

  const failure = await failureOf(readCart());

  expect(failure).toMatchObject({ message: "A fault of ours. (request 5f2c)", status: 500, isRefusal: false });
});

test("a failure of something in between is told by its status", async () => {
  answerWith(502, "<html>Bad Gateway</html>");

  expect(await failureOf(readCart())).toMatchObject({ message: "The shop answered with status 502.", isRefusal: false });
});

test.each([
  ["<html>", "answer: must be JSON"],
  ['{"message":"success"}', "answer.data: must be an object"],
  ['{"message":"success","data":{"mug":2}}', "answer.data.mug: must be a text"],
  ['{"message":"success","data":{"mug":"-2"}}', "answer.data.mug: must be a whole number, at least 0"],
])("an answer that is not as agreed, %s, is a failure that says where", async (body, where) => {
  answerWith(200, body);

  expect((await failureOf(readCart())).message).toBe(`The shop's answer to /api/v1/cart cannot be understood: ${where}.`);
});

test("a gateway that is not healthy is a failure", async () => {
  answerWith(200, '{"healthy":false}');

  expect((await failureOf(checkWebGateway(interest))).message).toContain("answer.healthy: must be true");
});

test("a shop that is not there is a failure without a status", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));

  const failure = await failureOf(readCart());

  expect(failure.message).toBe("The shop cannot be reached. Please check your connection.");
  expect(failure).toMatchObject({ status: null, isRefusal: false });
});

test("a shop that takes too long is given up", async () => {
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
  vi.stubGlobal("fetch", (_address: string, { signal }: RequestInit) => {
    signal?.throwIfAborted();
  });

  const failure = await failureOf(readCart());

  expect(failure).toMatchObject({ message: "The shop did not answer within 10 seconds.", status: null });
});

test("a question that is taken back is no failure of the shop's", async () => {
  const taken = AbortSignal.abort();
  vi.stubGlobal("fetch", (_address: string, { signal }: RequestInit) => {
    signal?.throwIfAborted();
  });

  await expect(searchProducts("mug", 6, taken)).rejects.toBe(taken.reason);
});
