import { readDurationMs } from "../lib/time.ts";
import type { DocumentKind } from "../model/conversions.ts";
import type { Survivorship } from "../model/field.ts";
import type { Vocabularies } from "../model/vocabularies.ts";
import type { ConfigFile, directions, policies, sides } from "./schema.ts";

/** The configuration as everybody reads it: complete, times in ms, sides settled. */

export type Side = (typeof sides)[number];
export type Policy = (typeof policies)[number];

export interface ObjectConfig {
  readonly direction: (typeof directions)[number];
  readonly firstMeeting: "remote" | "crm" | "ask";
  readonly create: "in" | "out" | "both" | "none";
  readonly pollMs: number;
  readonly reconcileMs: number;
  readonly onRemoteEdit: "leave" | "restore";
  /** Undefined: the mapping says it. */
  readonly as: "kundeemne" | "kontaktperson" | undefined;
  readonly side: Side;
}

export interface RequestLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** Documents of a kind that are handed over instead of being made at the ledger: posted, or put into a folder. */
export type HandOver = {
  /** Signs them; never log it. */
  readonly secret: string;
  readonly required: readonly string[];
  /** What a field takes of the record (our flat key) where the caller gives none. */
  readonly from: Readonly<Record<string, string>>;
} & ({ readonly url: string; readonly folder?: never } | { readonly url?: never; readonly folder: string });

export interface ConnectionConfig {
  readonly name: string;
  readonly connector: string;
  /** Read by the connector's own schema; secrets stand in it resolved: never log it. */
  readonly settings: unknown;
  readonly side: Side;
  /** Undefined: neither the operator nor the connector limits it. */
  readonly limits: RequestLimit | undefined;
  readonly objects: Readonly<Record<string, ObjectConfig>>;
  readonly handOver: Readonly<Partial<Record<DocumentKind, HandOver>>>;
  readonly quietMs: number;
  /** Of a directory: what was read longer ago is read again, by so many calls a day (undefined: by the source's terms). */
  readonly refresh: {
    readonly afterMs: number;
    readonly feedMs: number;
    readonly perDay: number | undefined;
    readonly costPerDay: number | undefined;
  };
  /** Of a directory: what a call of a kind costs. */
  readonly prices: Readonly<Record<string, number>>;
  /** The installation's and the connection's, the stricter of both (rule R15). */
  readonly updatePolicy: Readonly<Record<string, Policy>>;
  /** Of a campaign tool: how often it is asked who has said no there. */
  readonly optOutsMs: number;
  readonly circuit: { readonly failures: number; readonly halfOpenAfterMs: number };
}

export interface Guard {
  readonly max: number;
  readonly percent: number | undefined;
  /** So many pass whatever part of the linked objects they are. */
  readonly atLeast: number;
}

export interface KoblingConfig {
  /** In the order of the file: it ranks ledgers. */
  readonly connections: Readonly<Record<string, ConnectionConfig>>;
  readonly survivorship: Readonly<Record<string, Survivorship>>;
  readonly guards: {
    readonly deletes: Guard;
    readonly clears: Guard;
    readonly overwrites: Guard;
    readonly creates: Guard;
  };
  readonly pingPong: { readonly swings: number; readonly withinMs: number };
  readonly activities: { readonly tilbudKr: "all" | "open" };
  readonly archive: { readonly requireZeroKreditor: boolean };
  readonly gdpr: {
    readonly financialYearEnds: string;
    readonly leadMonths: number;
    readonly controller?: string | undefined;
    readonly purpose: string;
  };
  readonly vocabularies: Vocabularies;
  readonly contacts: { readonly ownDomains: readonly string[] };
  readonly leads: { readonly origins: readonly string[]; readonly limit: RequestLimit };
  readonly retention: {
    readonly inboxMs: number;
    readonly attemptsMs: number;
    readonly runsMs: number;
    readonly feedMs: number;
    readonly historyMs: number;
    readonly reviewsMs: number;
    readonly idempotencyKeysMs: number;
  };
  readonly backpressure: { readonly waitingChanges: number; readonly freeDiskMiB: number };
}

/** What the configuration asks of a connector: a connector's declaration (src/connectors) fits. */
export interface ConnectorDefaults {
  readonly limits?: { readonly requests: number; readonly per: string };
  readonly quietMs?: number;
  readonly byHand?: boolean;
  readonly directory?: { readonly calls: Readonly<Record<string, string>> };
  readonly audience?: object;
  readonly drop?: object;
}

const QUIET_MS = 30_000;
const STRICTNESS: Record<Policy, number> = { auto: 0, if_empty: 1, propose: 2, frozen: 3 };

/** Pure; the file has passed its schema. */
export function resolveConfig(
  file: ConfigFile,
  connectors: Readonly<Record<string, ConnectorDefaults>> = {},
): KoblingConfig {
  const { retention } = file;
  return {
    connections: Object.fromEntries(
      Object.entries(file.connections).map(([name, each]) => [
        name,
        resolveConnection(name, each, file.updatePolicy, connectors[each.connector] ?? {}),
      ]),
    ),
    survivorship: Object.fromEntries(
      Object.entries(file.survivorship).map(([field, rule]) => [field, withoutUndefined(rule)]),
    ),
    guards: {
      deletes: guardOf(file.guards.deletes),
      clears: guardOf(file.guards.clears),
      overwrites: guardOf(file.guards.overwrites),
      creates: guardOf(file.guards.creates),
    },
    pingPong: { swings: file.pingPong.swings, withinMs: ms(file.pingPong.within) },
    activities: file.activities,
    archive: file.archive,
    gdpr: file.gdpr,
    vocabularies: Object.fromEntries(
      Object.entries(file.vocabularies).map(([field, words]) => [
        field,
        Array.isArray(words) ? Object.fromEntries(words.map((each) => [each, null])) : words,
      ]),
    ),
    contacts: file.contacts,
    leads: {
      origins: file.leads.origins,
      limit: { requests: file.leads.limit.requests, perMs: ms(file.leads.limit.per) },
    },
    retention: {
      inboxMs: ms(retention.inbox),
      attemptsMs: ms(retention.attempts),
      runsMs: ms(retention.runs),
      feedMs: ms(retention.feed),
      historyMs: ms(retention.history),
      reviewsMs: ms(retention.reviews),
      idempotencyKeysMs: ms(retention.idempotencyKeys),
    },
    backpressure: file.backpressure,
  };
}

const guardOf = ({
  max,
  percent,
  atLeast,
}: ConfigFile["guards"]["deletes"] | ConfigFile["guards"]["creates"]): Guard => ({
  max,
  percent,
  atLeast,
});

/** Crm for the CRM's own objects, else ledger, unless said at the object or the connection (rule R1). */
export const sideOf = (object: string, said: Side | undefined, ofConnection: Side | undefined): Side =>
  said ?? ofConnection ?? (object === "kundeemne" || object === "kontaktperson" ? "crm" : "ledger");

function resolveConnection(
  name: string,
  file: ConfigFile["connections"][string],
  policy: Readonly<Record<string, Policy>>,
  defaults: ConnectorDefaults,
): ConnectionConfig {
  const limits = file.limits ?? defaults.limits;
  const side = file.side ?? (defaults.directory && "directory") ?? ((defaults.audience ?? defaults.drop) && "audience");
  const objects = Object.fromEntries(
    Object.entries(file.objects).map(([key, object]): [string, ObjectConfig] => [
      key,
      {
        direction: object.direction,
        firstMeeting: object.firstMeeting,
        create: object.create,
        pollMs: ms(object.poll),
        reconcileMs: ms(object.reconcile),
        onRemoteEdit: object.onRemoteEdit,
        as: object.as,
        side: sideOf(key, object.side, side),
      },
    ]),
  );
  const ofObjects = new Set(Object.values(objects).map((object) => object.side));
  return {
    name,
    connector: file.connector,
    settings: file.settings,
    side: side ?? (ofObjects.size === 1 && ofObjects.has("crm") ? "crm" : "ledger"),
    limits: limits && { requests: limits.requests, perMs: ms(limits.per) },
    objects,
    handOver: Object.fromEntries(
      Object.entries(file.handOver).map(([kind, { url, folder = "", ...rest }]): [string, HandOver] => [
        kind,
        url === undefined ? { folder, ...rest } : { url, ...rest },
      ]),
    ),
    quietMs: file.quietMs ?? defaults.quietMs ?? QUIET_MS,
    refresh: {
      afterMs: ms(file.refresh.after),
      feedMs: ms(file.refresh.feed),
      perDay: file.refresh.perDay,
      costPerDay: file.refresh.costPerDay,
    },
    prices: file.prices,
    updatePolicy: stricter(policy, file.updatePolicy),
    optOutsMs: ms(file.optOuts),
    circuit: { failures: file.circuit.failures, halfOpenAfterMs: ms(file.circuit.halfOpenAfter) },
  };
}

function stricter(a: Readonly<Record<string, Policy>>, b: Readonly<Record<string, Policy>>): Record<string, Policy> {
  const merged: Record<string, Policy> = { ...a };
  for (const [field, policy] of Object.entries(b)) {
    const other = merged[field];
    merged[field] = other !== undefined && STRICTNESS[other] > STRICTNESS[policy] ? other : policy;
  }
  return merged;
}

function withoutUndefined(rule: ConfigFile["survivorship"][string]): Survivorship {
  return {
    rule: rule.rule,
    ...(rule.owner === undefined ? {} : { owner: rule.owner }),
    ...(rule.order === undefined ? {} : { order: rule.order }),
    ...(rule.then === undefined ? {} : { then: rule.then }),
  };
}

function ms(duration: string): number {
  const read = readDurationMs(duration);
  if (read === undefined) throw new Error("A duration that the schema let through cannot be read");
  return read;
}
