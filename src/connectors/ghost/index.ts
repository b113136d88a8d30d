import { defineConnector } from "../connector.ts";
import { ghostClient } from "./client.ts";
import { settings } from "./settings.ts";

export const ghost = defineConnector({
  name: "ghost",
  confidence: "documentation",
  settings,
  limits: { requests: 2, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 30_000,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  // Each member is asked for, and one that is new made, by itself.
  audience: { channels: ["email"], batchSize: 25, connect: ghostClient },
  mappings: {},
});
