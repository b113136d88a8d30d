import { type DestinationStream, destination, type Logger, pino } from "pino";
import { KoblingError } from "./errors.ts";
import type { Redactor } from "./secrets.ts";

export const logLevels = ["error", "warn", "info", "debug", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Ids, counts, states, durations. `error` may hold anything that was thrown. */
export interface LogFields {
  readonly [name: string]: unknown;
}

/**
 * `event` says what, then what happened to it, in the past tense, always the same text (`delivery.sent`); all that varies
 * is a field. Values of records are never fields.
 */
export interface Log {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  /** The same log with fields that stand on every line. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Masks secrets in the finished line, wherever in it they stand. */
  readonly redactor: Redactor;
  /** Standard error unless said. */
  readonly out?: DestinationStream;
}

/** One JSON object a line. */
export function createLog({ level, redactor, out = destination({ dest: 2, sync: true }) }: LogOptions): Log {
  const masked: DestinationStream = { write: (line) => out.write(redactor.mask(line)) };
  const root = pino(
    {
      level,
      base: null,
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
      redact: { paths: REDACTED_PATHS, censor: "[secret]" },
    },
    masked,
  );
  return wrap(root);
}

const REDACTED_NAMES = ["token", "password", "secret", "authorization", "apiKey", "key", "cookie"];
const REDACTED_PATHS = REDACTED_NAMES.flatMap((name) => [name, `*.${name}`]);

const wrap = (logger: Logger): Log => ({
  error: (event, fields = {}) => logger.error(fields, event),
  warn: (event, fields = {}) => logger.warn(fields, event),
  info: (event, fields = {}) => logger.info(fields, event),
  debug: (event, fields = {}) => logger.debug(fields, event),
  with: (fields) => wrap(logger.child(fields)),
});

/**
 * What a log may say of an error. Our own messages quote no values; those of others do (PostgreSQL and JSON.parse quote
 * the text they choke on), so of a foreign error only the kind, the code and where it came from are told.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { name: typeof error };
  const described: { [name: string]: unknown } = { name: error.name };
  if (error instanceof KoblingError) {
    described.code = error.code;
    described.message = error.message;
    described.context = error.context;
  } else {
    const facts = error as { [name: string]: unknown } & Error; // an Error with whatever its maker put on it
    for (const name of FOREIGN_FACTS) if (typeof facts[name] === "string") described[name] = facts[name];
    described.where = error.stack
      ?.split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .map((line) => line.trim());
  }
  if (error.cause !== undefined) described.cause = describeError(error.cause);
  return described;
}

const FOREIGN_FACTS = ["code", "syscall", "schema_name", "table_name", "column_name", "constraint_name"];
