import { defineConnector } from "../connector.ts";
import { brevoClient } from "./client.ts";
import { settings } from "./settings.ts";

export const brevo = defineConnector({
  name: "brevo",
  confidence: "specification",
  settings,
  limits: { requests: 2, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 30_000,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  // Each member is asked for, and one that is new made, by itself.
  audience: { channels: ["email"], batchSize: 50, connect: brevoClient },
  mappings: {},
});
