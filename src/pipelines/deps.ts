import type { ConnectionConfig, KoblingConfig } from "../config/resolved.ts";
import type { AudienceClient } from "../connectors/audience.ts";
import type { Client, ConnectorDefinition, Exchange, FileDrop } from "../connectors/connector.ts";
import type { AppendFile } from "../lib/append-file.ts";
import type { Log } from "../lib/log.ts";
import type { CompiledMapping } from "../mappings/mapping.ts";
import type { Database } from "../store/database.ts";
import type { Limits } from "./limits.ts";
import type { WorkQueue } from "./queues.ts";

/** What the way through needs; made once by src/main.ts, passed to every step. No step reaches past it. */
export interface Deps {
  readonly db: Database;
  readonly log: Log;
  readonly queue: WorkQueue;
  readonly limits: Limits;
  readonly config: KoblingConfig;
  /** New ids, ordered by time (UUID v7). */
  readonly newId: () => string;
  /** Seals and opens secrets at rest, and hashes what must not be readable; keyed outside the database. */
  readonly seal: { seal(text: string): string; open(sealed: string): string; mac(text: string): string };
  /** What was erased, outside the database and its backups (rule R34); undefined in a process without a folder. */
  readonly erasureLog?: AppendFile;
  /** Folder whose free disk limits what is taken in; undefined where the database is elsewhere. */
  readonly dataFolder?: string;
  connection(name: string): ConnectionConfig;
  connectorOf(connection: string): ConnectorDefinition;
  /** The mapping in force of one object of a connection; undefined where there is none. */
  mappingOf(connection: string, object: string): CompiledMapping | undefined;
  /** The client of a connection in mode `call`; opened at first use. `budgeted`: of a directory one that keeps to the budget of the day. */
  clientOf(connection: string, use?: "budgeted"): Client;
  /** The client of a campaign tool; opened at first use. */
  audienceOf(connection: string): AudienceClient;
  /** Where a connection takes files of ours; opened at first use. */
  dropOf(connection: string): FileDrop;
  /** Where a connection leaves its files, in mode `queue` with an exchange; opened at first use. */
  exchangeOf(connection: string): Exchange;
}

/** Who acts, for history and audit: an API key's label or a process of ours. */
export interface Actor {
  readonly kind: "api" | "person" | "system";
  readonly name: string;
}
