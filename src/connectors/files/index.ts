import { defineConnector } from "../connector.ts";
import { filesExchange } from "./exchange.ts";
import { mappings } from "./mappings.ts";
import { settings } from "./settings.ts";

/** Files in a folder, here or on an SFTP server: the door to an installation whose API is shut. */
export const files = defineConnector({
  name: "files",
  confidence: "own",
  settings,
  lock: "none",
  idempotencyKey: true,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "queue",
  delta: false,
  statesTimes: false,
  mappings,
  exchange: filesExchange,
});
