import { defineConnector } from "../connector.ts";
import { calls } from "./calls.ts";
import { addressesClient } from "./client.ts";
import { addressMapping } from "./mapping.ts";
import { settings } from "./settings.ts";

export const addresses = defineConnector({
  name: "addresses",
  confidence: "reconstructed",
  settings,
  limits: { requests: 5, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  directory: { terms: () => ({ attribution: null, passOn: true, storeMs: null }), calls },
  mappings: { adresse: addressMapping },
  connect: addressesClient,
});
