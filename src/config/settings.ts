import { resolve } from "node:path";
import { z } from "zod";
import { logLevels } from "../lib/log.ts";
import type { Redactor } from "../lib/secrets.ts";
import type { Fault } from "./faults.ts";

export const processKinds = ["api", "worker", "scheduler"] as const;
export type ProcessKind = (typeof processKinds)[number];

export const DEFAULT_CONFIG_FOLDER = "./config";

/** The environment: each setting with its default and what it is for; the reference page is made from it. */
export const settingsSchema = z.object({
  PORT: z.coerce
    .number("This must be a port number")
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe("Where the API listens; 0 takes any free port."),
  KOBLING_HOME: z
    .string()
    .default("./.kobling")
    .describe("Folder of the embedded database and of what this installation keeps; one process at a time."),
  KOBLING_CONFIG_DIR: z
    .string()
    .default(DEFAULT_CONFIG_FOLDER)
    .describe("Folder of kobling.yaml, mappings and segments."),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "This must be a postgres:// URL" })
    .optional()
    .describe("A PostgreSQL of yours; without it an embedded one runs in KOBLING_HOME."),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: "This must be a redis:// or rediss:// URL" })
    .optional()
    .describe("A Redis for the queue; without it the queue lives in PostgreSQL."),
  KOBLING_ADMIN_KEY: z
    .string()
    .min(24, "This must have at least 24 characters")
    .optional()
    .describe("The API key of scope admin; without it one is made and shown once."),
  KOBLING_PROCESSES: z
    .string()
    .default("api,worker,scheduler")
    .transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(
      z
        .array(z.enum(processKinds, `This must be a comma list of ${processKinds.join(", ")}`))
        .min(1, "At least one process must run"),
    )
    .describe("What this process does: comma list of api, worker, scheduler."),
  LOG_LEVEL: z
    .enum(logLevels, `This must be one of ${logLevels.join(", ")}`)
    .default("info")
    .describe("error, warn, info, debug or silent."),
});

export interface Settings {
  readonly port: number;
  /** Absolute. */
  readonly home: string;
  /** Absolute. */
  readonly configFolder: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly adminKey: string | undefined;
  readonly processes: readonly ProcessKind[];
  readonly logLevel: (typeof logLevels)[number];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings; all faults at once. What is secret in them is masked from now on. An empty variable counts as absent. */
export function readSettings(
  env: Environment,
  redactor: Redactor,
):
  | { readonly settings: Settings; readonly faults: readonly [] }
  | { readonly settings: undefined; readonly faults: readonly Fault[] } {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  for (const name of ["DATABASE_URL", "REDIS_URL"]) addPassword(given[name], redactor);
  if (given.KOBLING_ADMIN_KEY) redactor.add(given.KOBLING_ADMIN_KEY);
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) return { settings: undefined, faults: parsed.error.issues.map(faultOf) };
  const read = parsed.data;
  return {
    faults: [],
    settings: {
      port: read.PORT,
      home: resolve(read.KOBLING_HOME),
      configFolder: resolve(read.KOBLING_CONFIG_DIR),
      databaseUrl: read.DATABASE_URL,
      redisUrl: read.REDIS_URL,
      adminKey: read.KOBLING_ADMIN_KEY,
      processes: [...new Set(read.KOBLING_PROCESSES)],
      logLevel: read.LOG_LEVEL,
    },
  };
}

function faultOf(issue: z.core.$ZodIssue): Fault {
  const name = String(issue.path[0]);
  const description = settingsSchema.shape[name as keyof typeof settingsSchema.shape]?.description ?? ""; // issues name settings
  return {
    file: "environment",
    line: undefined,
    column: undefined,
    path: name,
    rule: `${issue.message}.`,
    wayOut: description,
  };
}

function addPassword(url: string | undefined, redactor: Redactor): void {
  if (url === undefined || !URL.canParse(url)) return;
  const { password } = new URL(url);
  redactor.add(password);
  redactor.add(decodeURIComponent(password));
}
