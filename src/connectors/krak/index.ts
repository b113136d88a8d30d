import { defineConnector } from "../connector.ts";
import { calls } from "./calls.ts";
import { krakClient } from "./client.ts";
import { advertMapping } from "./mapping.ts";
import { settings } from "./settings.ts";

export const krak = defineConnector({
  name: "krak",
  confidence: "reconstructed",
  settings,
  limits: { requests: 2, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  directory: { terms: () => ({ attribution: "KRAK", passOn: true, storeMs: null }), calls },
  mappings: { firma: advertMapping },
  connect: krakClient,
});
