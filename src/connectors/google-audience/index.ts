import { defineConnector } from "../connector.ts";
import { googleAudienceClient } from "./client.ts";
import { settings } from "./settings.ts";

export const googleAudience = defineConnector({
  name: "google-audience",
  confidence: "specification",
  settings,
  limits: { requests: 250, per: "1m" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 60_000,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  audience: { channels: ["email"], batchSize: 5_000, passesOn: true, connect: googleAudienceClient },
  mappings: {},
});
