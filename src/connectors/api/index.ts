import { z } from "zod";
import { defineConnector } from "../connector.ts";
import { mappings } from "./mappings.ts";

/** Any system that pushes its objects to us and pulls what we owe it (rule R21). We never call it. */
export const api = defineConnector({
  name: "api",
  confidence: "own",
  settings: z.strictObject({}),
  lock: "none",
  idempotencyKey: true,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "queue",
  delta: false,
  statesTimes: true,
  mappings,
});
