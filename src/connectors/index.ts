import { addresses } from "./addresses/index.ts";
import { api } from "./api/index.ts";
import { brevo } from "./brevo/index.ts";
import type { ConnectorDefinition } from "./connector.ts";
import { cvr } from "./cvr/index.ts";
import { exports } from "./export/index.ts";
import { files } from "./files/index.ts";
import { ghost } from "./ghost/index.ts";
import { google } from "./google/index.ts";
import { googleAudience } from "./google-audience/index.ts";
import { imports } from "./import/index.ts";
import { keybalance } from "./keybalance/index.ts";
import { klaviyo } from "./klaviyo/index.ts";
import { kob } from "./kob/index.ts";
import { krak } from "./krak/index.ts";
import { mailchimp } from "./mailchimp/index.ts";
import { tdc } from "./tdc/index.ts";
import { webhook } from "./webhook/index.ts";

/** Every connector; a new vendor is a line here and a folder beside it. */
export const connectors: readonly ConnectorDefinition[] = [
  keybalance,
  api,
  files,
  imports,
  addresses,
  cvr,
  google,
  kob,
  krak,
  tdc,
  webhook,
  mailchimp,
  klaviyo,
  brevo,
  googleAudience,
  ghost,
  exports,
];
