import { defineConnector } from "../connector.ts";
import { calls } from "./calls.ts";
import { googleClient } from "./client.ts";
import { placeMapping } from "./mapping.ts";
import { settings } from "./settings.ts";
import { termsOf } from "./terms.ts";

export const google = defineConnector({
  name: "google",
  confidence: "specification",
  settings,
  limits: { requests: 10, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  directory: { terms: termsOf, calls },
  mappings: { sted: placeMapping },
  connect: googleClient,
});
