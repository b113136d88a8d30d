import { defineConnector } from "../connector.ts";
import { keybalanceClient } from "./client.ts";
import { codeListTypes } from "./code-lists.ts";
import { dealingTypes } from "./dealings.ts";
import { debitorMapping } from "./debitor.mapping.ts";
import { documentTypes } from "./documents.ts";
import { kontaktpersonMapping } from "./kontaktperson.mapping.ts";
import { kreditorMapping } from "./kreditor.mapping.ts";
import { kundeemneMapping } from "./kundeemne.mapping.ts";
import { settings } from "./settings.ts";

export const keybalance = defineConnector({
  name: "keybalance",
  confidence: "documentation",
  settings,
  limits: { requests: 20, per: "1s" },
  lock: "none",
  idempotencyKey: false,
  quietMs: 30_000,
  showsAfterMs: 5_000,
  mode: "call",
  delta: false,
  statesTimes: false,
  mappings: {
    debitor: debitorMapping,
    kreditor: kreditorMapping,
    kundeemne: kundeemneMapping,
    kontaktperson: kontaktpersonMapping,
  },
  codeLists: (given) => codeListTypes(given.codeLists),
  documents: (given) => documentTypes(given.documents),
  dealings: (given) => dealingTypes(given.dealings),
  connect: keybalanceClient,
});
