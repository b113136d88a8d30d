import { defineConnector } from "../connector.ts";
import { calls } from "./calls.ts";
import { kobClient } from "./client.ts";
import { companyMapping } from "./mapping.ts";
import { settings } from "./settings.ts";

export const kob = defineConnector({
  name: "kob",
  confidence: "unknown",
  settings,
  limits: { requests: 2, per: "1s" },
  lock: "none",
  idempotencyKey: true,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  directory: {
    terms: ({ purpose }) => ({ attribution: "KOB", passOn: false, storeMs: null, charged: { purpose } }),
    calls,
  },
  mappings: { firma: companyMapping },
  connect: kobClient,
});
