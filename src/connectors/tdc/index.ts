import { defineConnector } from "../connector.ts";
import { calls } from "./calls.ts";
import { tdcClient } from "./client.ts";
import { companyMapping } from "./mapping.ts";
import { settings } from "./settings.ts";

export const tdc = defineConnector({
  name: "tdc",
  confidence: "reconstructed",
  settings,
  limits: { requests: 2, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  directory: { terms: () => ({ attribution: "TDC Navne & Numre", passOn: true, storeMs: null }), calls },
  mappings: { firma: companyMapping },
  connect: tdcClient,
});
