import type { Hit } from "../connectors/directory.ts";
import { SURE } from "../connectors/directory.ts";
import { KoblingError, RejectedError } from "../lib/errors.ts";
import type { Values } from "../model/catalogue.ts";
import { noteFault } from "../store/connections.ts";
import { findAccounts } from "../store/conversions.ts";
import { loadEntities } from "../store/entities.ts";
import { loadLanes } from "../store/lanes.ts";
import { findLinked, remoteKey } from "../store/links.ts";
import { noteRead } from "../store/refreshing.ts";
import { findOpenFor } from "../store/reviews.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { asError } from "./each.ts";
import { ask, linkEntity } from "./linking.ts";
import { termsOf } from "./terms.ts";

/** An answer of a directory, with where it came from. */
export interface FoundHit extends Hit {
  readonly connection: string;
  readonly object: string;
  /** What must be shown beside it. */
  readonly attribution: string | null;
  /** The Kundeemne that it stands for already. */
  readonly kundeemneId: string | null;
}

/** A directory that could not be asked; nothing else is touched by it. */
export interface FailedSource {
  readonly connection: string;
  readonly code: string;
}

export interface Lookup {
  readonly hits: readonly FoundHit[];
  readonly failed: readonly FailedSource[];
}

const MOST = 10;

/**
 * Asks directories for what a person looks for, all at once; those that cannot be asked are named (S18). Nothing is
 * written but the fault at the connection. Throws RejectedError `not_allowed` (sources), with what there is.
 */
export async function lookup(
  deps: Deps,
  wanted: { readonly text: string; readonly sources?: readonly string[]; readonly limit?: number },
): Promise<Lookup> {
  const all = directoriesOf(deps);
  const unknown = wanted.sources?.find((source) => !all.includes(source));
  if (unknown !== undefined)
    throw new RejectedError("not_allowed", "There is no directory of this name", {
      context: { field: "sources", allowed: all },
    });
  const answers = await Promise.all(
    (wanted.sources ?? all).map((connection) =>
      searchOne(deps, connection, { text: wanted.text }, Math.min(MOST, wanted.limit ?? MOST)),
    ),
  );
  const hits = answers.flatMap((each) => each.hits).toSorted((a, b) => b.score - a.score);
  return { hits, failed: answers.flatMap((each) => each.failed) };
}

const directoriesOf = (deps: Deps): string[] =>
  Object.keys(deps.config.connections).filter((name) => deps.connectorOf(name).directory !== undefined);

type Asked = { readonly text: string } | { readonly known: Values };

async function searchOne(deps: Deps, connection: string, asked: Asked, limit: number): Promise<Lookup> {
  const { sql } = deps.db;
  const lanes = (await loadLanes(sql)).filter((lane) => lane.connection === connection);
  if (lanes.some((lane) => lane.connectionState !== "active"))
    return { hits: [], failed: [{ connection, code: "paused" }] };
  const attribution = termsOf(deps, connection)?.attribution ?? null;
  const found: FoundHit[] = [];
  try {
    for (const object of objectsOf(deps, connection)) {
      const hits = await deps.limits.call(connection, async () => {
        const client = deps.clientOf(connection);
        return (await client.search?.(object, { ...asked, limit }))?.hits ?? [];
      });
      const ids = hits.map(({ externalId }) => externalId);
      const linked = await findLinked(sql, connection, object, ids);
      for (const hit of hits)
        found.push({ ...hit, connection, object, attribution, kundeemneId: linked.get(hit.externalId) ?? null });
    }
    return { hits: found, failed: [] };
  } catch (thrown) {
    const error = asError(thrown);
    if (!(error instanceof KoblingError)) throw error;
    deps.log.warn("lookup.failed", { connection, error });
    await noteFault(sql, connection, error.code);
    return { hits: [], failed: [{ connection, code: error.code }] };
  }
}

/** Objects of a directory that are switched on. */
const objectsOf = (deps: Deps, connection: string): string[] =>
  Object.entries(deps.connection(connection).objects).flatMap(([object, { direction }]) =>
    direction === "off" ? [] : [object],
  );

/** The directory and object that a person names. Throws RejectedError `not_found`, `cannot_be_asked`, `not_released`. */
function placeOf(
  deps: Deps,
  { connection, object }: { connection: string; object?: string },
): { connection: string; object: string } {
  if (deps.config.connections[connection] === undefined)
    throw new RejectedError("not_found", "There is no such connection", { context: { connection } });
  if (deps.connectorOf(connection).directory === undefined)
    throw new RejectedError("cannot_be_asked", "This connection is no directory", { context: { connection } });
  const open = objectsOf(deps, connection);
  const [first] = open;
  if (first === undefined)
    throw new RejectedError("not_released", "No object of this directory is switched on", { context: { connection } });
  if (object !== undefined && !open.includes(object))
    throw new RejectedError("not_allowed", "This directory has no such object, or it is switched off", {
      context: { field: "object", allowed: open },
    });
  return { connection, object: object ?? first };
}

export interface RecordLookup {
  readonly entityId: string;
  readonly connection: string;
  readonly object?: string;
  /** The hit that a person has chosen. */
  readonly externalId?: string;
  /** What to look for, in place of what the record knows. */
  readonly text?: string;
  readonly by: Actor;
}

export interface LookedUp {
  /** `several`, `none`: nothing was taken, and a person chooses of the hits. */
  readonly state: "taken" | "several" | "none";
  readonly linkId: string | null;
  readonly externalId: string | null;
  /** Reviews that wait with what differs, one a field or group. */
  readonly proposals: readonly number[];
  readonly hits: readonly FoundHit[];
}

/**
 * Looks a record up in a directory: the object that it is linked to, the one that a person names, or the only sure hit.
 * What it says else than the record is proposed, field by field, and nothing is written by itself (S16, S78). Throws
 * RejectedError (`not_found`, `gone`, `exists`, `bad_value` …) and what the directory's client throws.
 */
export async function lookupRecord(deps: Deps, wanted: RecordLookup): Promise<LookedUp> {
  const { sql } = deps.db;
  const { entityId, by } = wanted;
  const { connection, object } = placeOf(deps, wanted);
  const entity = (await loadEntities(sql, "kundeemne", [entityId])).get(entityId);
  if (entity === undefined) throw new RejectedError("not_found", "There is no Kundeemne with this id");
  const { mergedInto, erased } = entity.state;
  if (mergedInto !== null) throw new RejectedError("gone", "The record was merged", { context: { mergedInto } });
  if (erased) throw new RejectedError("gone", "The record was erased", { context: { id: entityId } });
  const [linked] = await findAccounts(sql, [{ entityId, connection, object }]);
  let externalId = wanted.externalId ?? (wanted.text === undefined ? linked?.externalId : undefined);
  if (externalId === undefined) {
    const asked = wanted.text === undefined ? { known: entity.values } : { text: wanted.text };
    const { hits, failed } = await searchOne(deps, connection, asked, MOST);
    const [fault] = failed;
    if (fault !== undefined)
      throw new RejectedError("cannot_be_asked", `The directory could not be asked: ${fault.code}`);
    const sure = hits.filter((hit) => hit.object === object && hit.score >= SURE);
    const [only] = sure;
    if (only === undefined || sure.length > 1)
      return { state: hits.length === 0 ? "none" : "several", linkId: null, externalId: null, proposals: [], hits };
    externalId = only.externalId;
  }
  noteAsked(deps, { connection, object, by, entityId });
  const linkId =
    linked?.externalId === externalId
      ? await readAnew(deps, { connection, object, externalId, linkId: linked.id })
      : (
          await linkEntity(deps, {
            entity: "kundeemne",
            entityId,
            connection,
            object,
            externalId,
            by,
            isLookedUp: true,
          })
        ).linkId;
  await noteRead(sql, connection, object, [externalId]);
  const proposals = (await findOpenFor(sql, connection, object, [externalId], ["proposal", "conflict"])).map(
    ({ id }) => id,
  );
  deps.log.info("lookup.taken", { connection, object, entityId, linkId, proposals: proposals.length, by: by.name });
  return { state: "taken", linkId, externalId, proposals, hits: [] };
}

/** Who asks, and what for, is told before a call that may be charged. */
function noteAsked(
  deps: Deps,
  { by, ...asked }: { connection: string; object: string; entityId: string | null; by: Actor },
): void {
  const charged = termsOf(deps, asked.connection)?.charged;
  if (charged !== undefined) deps.log.info("lookup.asked", { ...asked, purpose: charged.purpose, by: by.name });
}

/** What is linked already is read now, and what differs is proposed. */
async function readAnew(
  deps: Deps,
  at: { connection: string; object: string; externalId: string; linkId: string },
): Promise<string> {
  const reading = await ask(deps, at);
  const lookedUp = new Set([remoteKey(at.object, at.externalId)]);
  await deps.db.sql.begin((tx) => decideBatch(deps, tx, at.connection, [reading], { lookedUp }));
  return at.linkId;
}

export interface Taken {
  /** `known`, `linked`: there was a record of this company; `undecided`: a person says which it is. */
  readonly outcome: "made" | "linked" | "known" | "undecided";
  readonly kundeemneId: string | null;
  readonly linkId: string;
  /** The match case that waits. */
  readonly review: number | null;
}

/**
 * Makes a Kundeemne of a hit in one step, filled by what the directory says of it (S17). Whether the company is known is
 * asked first, in the tiers of the domain notes (e.8): then the record that stands is linked, and what differs is
 * proposed; when it is unsure which, nothing is made and a match case waits. Throws RejectedError `not_found`,
 * `bad_shape` (the hit has no company name), and what the directory's client throws.
 */
export async function takeHit(
  deps: Deps,
  wanted: { readonly connection: string; readonly object?: string; readonly externalId: string; readonly by: Actor },
): Promise<Taken> {
  const { connection, object } = placeOf(deps, wanted);
  const { externalId, by } = wanted;
  const known = (await findLinked(deps.db.sql, connection, object, [externalId])).get(externalId);
  noteAsked(deps, { connection, object, by, entityId: known ?? null });
  const reading = await ask(deps, { connection, object, externalId });
  const key = remoteKey(object, externalId);
  const { taken, due } = await deps.db.sql.begin(async (tx) => {
    const batch = await decideBatch(deps, tx, connection, [reading], { lookedUp: new Set([key]) });
    const link = batch.links.get(key)?.link;
    if (link === undefined) throw new Error("A hit was decided without its link");
    const linkId = link.id;
    const due = [...new Set(batch.due.map((each) => each.connection))];
    if (link.entityId === null) {
      const [open] = await findOpenFor(tx, connection, object, [externalId], ["match_case"]);
      if (open === undefined)
        throw new RejectedError("bad_shape", "The hit has no company name: no Kundeemne can be made of it", {
          context: { field: "firmanavn" },
        });
      return { taken: { outcome: "undecided", kundeemneId: null, linkId, review: open.id } as const, due };
    }
    const isMade = batch.entities.get(link.entityId)?.was === 0;
    const outcome = known !== undefined ? "known" : isMade ? "made" : "linked";
    return { taken: { outcome, kundeemneId: link.entityId, linkId, review: null } as const, due };
  });
  await noteRead(deps.db.sql, connection, object, [externalId]);
  deps.log.info("lookup.hit_taken", { connection, object, outcome: taken.outcome, linkId: taken.linkId, by: by.name });
  for (const name of due) await deps.queue.due("deliver", name);
  return taken;
}
