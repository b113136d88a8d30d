import { defineConnector } from "../connector.ts";
import { calls } from "./calls.ts";
import { cvrClient } from "./client.ts";
import { companyMapping } from "./mapping.ts";
import { settings } from "./settings.ts";

export const cvr = defineConnector({
  name: "cvr",
  confidence: "documentation",
  settings,
  limits: { requests: 2, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  directory: { terms: () => ({ attribution: "CVR", passOn: true, storeMs: null }), calls },
  mappings: { virksomhed: companyMapping },
  connect: cvrClient,
});
