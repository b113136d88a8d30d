import { channels } from "../../rules/consent-facts.ts";
import { defineConnector } from "../connector.ts";
import { webhookClient } from "./client.ts";
import { settings } from "./settings.ts";

export const webhook = defineConnector({
  name: "webhook",
  confidence: "specification",
  settings,
  lock: "none",
  idempotencyKey: true,
  quietMs: 30_000,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  audience: { channels, batchSize: 100, atOnce: 32, connect: webhookClient },
  mappings: {},
});
