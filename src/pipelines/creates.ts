import type { CallTimes, RemoteObject } from "../connectors/connector.ts";
import type { Values } from "../model/catalogue.ts";
import { agrees, looselyAgrees, sameTheirs } from "../rules/unit-values.ts";
import { loadAttempts } from "../store/attempts.ts";
import type { Delivery } from "../store/deliveries.ts";
import { loadTiedIds } from "../store/links.ts";
import type { Deps } from "./deps.ts";
import { asError } from "./each.ts";

/** Before anything was sent there are matches (R24), afterwards objects that may be ours (R19). */
export type Doubt = "R24:several_found" | "R19:several_found" | "R19:similar_found";

/** What looking for creates that left the process has found (rule R19). By delivery id. */
export interface FoundCreates {
  /** It arrived: judged as the attempt's answer, not as a first meeting. */
  readonly found: ReadonlyMap<
    number,
    {
      readonly object: RemoteObject;
      readonly times: CallTimes;
      readonly sent: Values;
      readonly versions: Record<string, number>;
    }
  >;
  /** The remote has the record already, before anything was sent (S88): a first meeting. */
  readonly matched: ReadonlyMap<number, { readonly object: RemoteObject; readonly times: CallTimes }>;
  /** Several could be it, or one that is only alike: a person decides. */
  readonly doubtful: ReadonlyMap<number, { readonly code: Doubt; readonly externalIds: readonly string[] }>;
  readonly failed: ReadonlyMap<number, Error>;
}

const nothing: FoundCreates = { found: new Map(), matched: new Map(), doubtful: new Map(), failed: new Map() };

/**
 * Looks at the remote for objects that an earlier try of a create may have made, before any other try (rule R19). The
 * list is read whole, as a stream, for the whole batch, and once more for what it does not show: also remotes that can
 * only be listed are asked.
 */
export async function findCreated(deps: Deps, connection: string, leases: readonly Delivery[]): Promise<FoundCreates> {
  const doubted = leases.filter(
    (lease) => lease.kind === "create" && lease.externalId === null && lease.attemptId !== null,
  );
  if (doubted.length === 0) return nothing;
  const attempts = await loadAttempts(
    deps.db.sql,
    doubted.flatMap((lease) => lease.attemptId ?? []),
  );
  const found = new Map<
    number,
    { object: RemoteObject; times: CallTimes; sent: Values; versions: Record<string, number> }
  >();
  const doubtful = new Map<number, { code: Doubt; externalIds: string[] }>();
  const failed = new Map<number, Error>();
  for (const object of new Set(doubted.map((lease) => lease.object))) {
    const own = doubted.filter((lease) => lease.object === object);
    const mapping = deps.mappingOf(connection, object);
    if (mapping === undefined) continue;
    const tied = await loadTiedIds(deps.db.sql, connection, object);
    const hits = new Map<number, Hit[]>();
    try {
      // What one listing does not show is a suspicion; a second one, begun later, says that it was not made (rules R9, R19).
      for (let listing = 1; listing <= 2; listing += 1) {
        const missing = own.filter((lease) => !hits.has(lease.id));
        if (missing.length === 0) break;
        await deps.limits.call(connection, async () => {
          for await (const page of deps.clientOf(connection).list(object, {})) {
            for (const each of page.objects) {
              if (tied.has(each.externalId)) continue;
              const { claims } = mapping.readRemote(each.image);
              for (const lease of missing) {
                const attempt = attempts.get(lease.attemptId ?? -1);
                const how = attempt === undefined ? "other" : likeness(mapping, attempt.sent, attempt.versions, claims);
                if (how === "other") continue;
                hits.set(lease.id, [...(hits.get(lease.id) ?? []), { how, object: each, times: page.times }]);
              }
            }
          }
        });
      }
    } catch (error) {
      for (const lease of own) failed.set(lease.id, asError(error));
      continue;
    }
    for (const lease of own) {
      const attempt = attempts.get(lease.attemptId ?? -1);
      const best = bestOf(hits.get(lease.id) ?? []);
      const [one] = best;
      if (one === undefined || attempt === undefined) continue;
      if (best.length === 1 && one.how !== "alike")
        found.set(lease.id, { ...one, sent: attempt.sent, versions: attempt.versions });
      else {
        const code = best.length > 1 ? "R19:several_found" : "R19:similar_found";
        doubtful.set(lease.id, { code, externalIds: best.map(({ object: { externalId } }) => externalId) });
      }
    }
  }
  return { found, matched: new Map(), doubtful, failed };
}

interface Hit {
  readonly how: "same" | "edited" | "alike";
  readonly object: RemoteObject;
  readonly times: CallTimes;
}

/** What shows most of what was sent: an edited one says nothing beside one that shows it all. */
function bestOf(hits: readonly Hit[]): readonly Hit[] {
  for (const how of ["same", "edited"] as const) {
    const these = hits.filter((each) => each.how === how);
    if (these.length > 0) return these;
  }
  return hits;
}

type Mapping = NonNullable<ReturnType<Deps["mappingOf"]>>;

/**
 * Is an object the one that a create has made? `same`: it shows what was sent, as sent or as the remote renders it.
 * `edited`: by its name or registration it is, and shows at least half of what was sent: somebody has edited it since.
 * `alike`: it has the registration that was sent, and little else. Fields that it does not show say nothing.
 */
export function likeness(
  mapping: Mapping,
  sent: Values,
  versions: Record<string, number>,
  claims: Values,
): "same" | "edited" | "alike" | "other" {
  const agreeing = new Set<string>();
  const differing = new Set<string>();
  for (const unit of Object.keys(versions)) {
    const mapped = mapping.unitByName.get(unit);
    if (mapped === undefined || mapped.keys.some((key) => claims[key] === undefined || sent[key] === undefined))
      continue;
    const isEqual = mapped.token
      ? sameTheirs(mapping.as, mapped, claims, sent)
      : agrees(mapping.as, mapped, claims, sent) || looselyAgrees(mapping.as, mapped, claims, sent);
    (isEqual ? agreeing : differing).add(unit);
  }
  // A number of one field is placed among several of ours: it names nobody by itself, unless all else is as sent.
  const others = [...differing].filter((unit) => mapping.unitByName.get(unit)?.token !== true);
  const shown = [...agreeing].filter((unit) => mapping.unitByName.get(unit)?.token !== true);
  if (others.length === 0 && shown.length > 0) return "same";
  const registration = mapping.units.find(({ unit, token }) => token || unit === "registration")?.unit ?? "";
  const name = mapping.as === "kundeemne" ? "firmanavn" : "navn";
  if (differing.has(registration)) return "other";
  if ((agreeing.has(registration) || agreeing.has(name)) && agreeing.size >= differing.size) return "edited";
  return agreeing.has(registration) ? "alike" : "other";
}

/** Is it the object of this create, as far as can be told without asking a person? */
export const isMade = (mapping: Mapping, sent: Values, versions: Record<string, number>, claims: Values): boolean =>
  ["same", "edited"].includes(likeness(mapping, sent, versions, claims));
