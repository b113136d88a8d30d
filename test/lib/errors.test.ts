import { expect, test } from "vitest";
import { errorCodes, RejectedError, RetryableError } from "../../src/lib/errors.ts";

test("an error says what happens next by its name, and keeps code, ids and the original", () => {
  const original = new Error("socket");
  const error = new RetryableError("rate_limited", "The remote asks us to slow down", {
    retryAfterMs: 3_600_000,
    context: { connection: "erp" },
    cause: original,
  });
  expect(error).toMatchObject({ name: "RetryableError", code: "rate_limited", retryAfterMs: 3_600_000 });
  expect(error.context).toEqual({ connection: "erp" });
  expect(error.cause).toBe(original);
  expect(error).toBeInstanceOf(Error);
});

test("an error without a context has an empty one, and no cause", () => {
  const error = new RejectedError("bad_shape", "The vendor sent an unexpected shape");
  expect(error.context).toEqual({});
  expect("cause" in error).toBe(false);
});

test("every code is named once", () => {
  expect(new Set(errorCodes).size).toBe(errorCodes.length);
});
