import { defineConnector } from "../connector.ts";
import { klaviyoClient } from "./client.ts";
import { readNotice } from "./notice.ts";
import { settings } from "./settings.ts";

export const klaviyo = defineConnector({
  name: "klaviyo",
  confidence: "specification",
  settings,
  limits: { requests: 2, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 30_000,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  // A member that is new there is a request of its own.
  audience: { channels: ["email"], batchSize: 50, connect: klaviyoClient, readNotice },
  mappings: {},
});
