import { expect } from "vitest";
import type { Shop } from "./shop.ts";

/** The body of an answer that must have this status; what it says instead stands in the failure. */
export const ok = async (answer: ReturnType<Shop["api"]>, status = 200) => {
  const { status: got, body } = await answer;
  expect({ status: got, body }).toMatchObject({ status });
  return body;
};
