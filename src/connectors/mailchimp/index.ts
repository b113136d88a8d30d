import { defineConnector } from "../connector.ts";
import { mailchimpClient } from "./client.ts";
import { settings } from "./settings.ts";

export const mailchimp = defineConnector({
  name: "mailchimp",
  confidence: "specification",
  settings,
  limits: { requests: 10, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 120_000,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  audience: { channels: ["email"], batchSize: 400, connect: mailchimpClient },
  mappings: {},
});
