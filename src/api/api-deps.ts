import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Log } from "../lib/log.ts";
import type { Sealer } from "../lib/secrets.ts";
import type { Vocabularies } from "../model/vocabularies.ts";
import type { DriftCount } from "../pipelines/agreement.ts";
import type { FeedWatch } from "../pipelines/feed.ts";
import type { Sql } from "../store/database.ts";
import type { Gateway } from "./gateway.ts";
import type { Language } from "./language.ts";
import type { Metrics } from "./metrics.ts";

/** What configuration says of one object of a connection, as the API shows it. */
export interface WishedObject {
  readonly object: string;
  readonly side: "crm" | "ledger" | "directory" | "audience";
  readonly direction: "in" | "out" | "both" | "off";
  readonly create: "in" | "out" | "both" | "none";
  readonly firstMeeting: "remote" | "crm" | "ask";
}

export interface WishedConnection {
  readonly name: string;
  readonly connector: string;
  /** `queue`: the system pushes and pulls (connector api). */
  readonly mode: "call" | "queue";
  /** A campaign tool. */
  readonly isAudience?: boolean;
  /** Of a directory: what its calls of a day may be, and cost. */
  readonly budget?: { readonly calls: number; readonly cost: number | null };
  readonly objects: readonly WishedObject[];
}

/** What the API is made of. Nothing in it is opened by the API, nothing kept outside it. */
export interface ApiDeps {
  readonly sql: Sql;
  readonly log: Log;
  readonly gateway: Gateway;
  /** Seals stored answers; keyed outside the database. */
  readonly seal: Sealer;
  readonly newId: () => string;
  readonly now: () => Date;
  readonly connections: () => readonly WishedConnection[];
  /** Fields that differ and fields that are held, counted by the rules. */
  readonly countDrift: () => Promise<readonly DriftCount[]>;
  readonly feedWatch: FeedWatch;
  readonly metrics: Metrics;
  readonly version: string;
  /** Lists of words that the installation keeps (S6). */
  readonly vocabularies?: Vocabularies;
  /** Web pages whose forms may send leads from the browser. */
  readonly leadOrigins?: readonly string[];
  readonly limits?: Partial<ApiLimits>;
}

export interface ApiLimits {
  /** Bytes of a JSON body. 1 MiB. */
  readonly bodyBytes: number;
  /** Bytes of an inbound body that is one object or an array. 32 MiB. */
  readonly arrayBytes: number;
  /** Bytes of one line of NDJSON. 1 MiB. */
  readonly lineBytes: number;
  /** Bytes of a file that is brought in. 1 GiB. */
  readonly importBytes: number;
}

export const defaultLimits: ApiLimits = {
  bodyBytes: 1_048_576,
  arrayBytes: 33_554_432,
  lineBytes: 1_048_576,
  importBytes: 1_073_741_824,
};

/** Who asks. */
export interface Caller {
  readonly id: string;
  readonly label: string;
  readonly scopes: readonly string[];
}

export interface ApiEnv {
  Variables: { caller: Caller; language: Language; traceId: string; beganAt: number };
}

export type Api = OpenAPIHono<ApiEnv>;
