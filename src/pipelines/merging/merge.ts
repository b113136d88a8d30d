import { RejectedError, StaleError } from "../../lib/errors.ts";
import { catalogueOf } from "../../model/catalogue.ts";
import { applyToEntity } from "../../rules/apply.ts";
import type { UnitEffect } from "../../rules/decision.ts";
import {
  faultsOfChoice,
  type MergedUnit,
  type MergeFacts,
  mergeEffects,
  mergePolicies,
  type Part,
  planMerge,
} from "../../rules/merge.ts";
import type { RecordPolicy } from "../../rules/record.ts";
import { planNext } from "../../store/dealing-sums.ts";
import { withdrawDeliveries } from "../../store/link-acts.ts";
import type { StoredLink } from "../../store/links.ts";
import { countRows, moveReviews, moveRows, moveWork, uniteBlocks, withdrawMerged } from "../../store/merge-moves.ts";
import { findStanding, insertMerge, type KeptLink, markMerged } from "../../store/merges.ts";
import { type Batch, type EntitySlot, iso, type LinkSlot, systemSetter } from "../batch.ts";
import { addUp } from "../dealing-sums.ts";
import type { Actor, Deps } from "../deps.ts";
import { actorSetter, inBatch } from "../edit.ts";
import { laneKey, worldFor } from "../world.ts";
import { type Both, linksOf, resortLinks, takeBoth } from "./both.ts";
import { moveContacts } from "./contacts.ts";
import { joinCases } from "./holds.ts";
import { keptLink, moveLink } from "./links.ts";
import { assertOpen, findForbidding, findUncertain, type Obstacle, type Refusal, refusalOf } from "./obstacles.ts";
import { inTrial } from "./trial.ts";

export interface MergeAct {
  /** The record that stays. */
  readonly id: string;
  /** The record that goes up in it. */
  readonly other: string;
  /** Whose value is wished, by field or group. */
  readonly fields?: Readonly<Record<string, Part>>;
  /** Links that are to be written to, where both records have one at an object. */
  readonly main?: readonly string[];
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean;
  readonly ifVersion?: number;
  readonly by: Actor;
}

export interface MergedLink {
  readonly id: string;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly of: Part;
  /** State afterwards: `extra` is read as proposals and not written to. */
  readonly state: string;
}

export interface MergeOutcome {
  /** Null: nothing was done. */
  readonly merge: number | null;
  /** It was done before: what follows is empty. */
  readonly repeated: boolean;
  /** What hinders it; none where it was done. */
  readonly refusal: Refusal | null;
  readonly obstacles: readonly Obstacle[];
  readonly fields: readonly MergedUnit[];
  readonly links: readonly MergedLink[];
  /** What moves to the survivor, counted. */
  readonly moves: Readonly<Record<string, number>>;
}

/**
 * Merges a Kundeemne into another (rule R28), in one transaction: values by `planMerge`, links, contacts, dealings, leads,
 * cases, policies and refusals go to the one that stays, and the other's id tells where it went. Merged already: nothing
 * changes. What hinders it is told and nothing is done. Throws RejectedError `not_found`, `gone`, `record_closed`,
 * `bad_value` or `not_allowed` (a choice), StaleError `version_moved`, RetryableError `busy`.
 */
export async function mergeKundeemner(deps: Deps, act: MergeAct): Promise<MergeOutcome> {
  if (act.id === act.other)
    throw new RejectedError("bad_value", "A record cannot be merged into itself", { context: { field: "other" } });
  const work = (batch: Batch): Promise<MergeOutcome> => merge(batch, act);
  const outcome = act.dryRun === true ? await inTrial(deps, work) : await inBatch(deps, work);
  if (outcome.merge !== null && act.dryRun !== true && !outcome.repeated)
    deps.log.info("record.merged", { mergeId: outcome.merge, entityId: act.id, other: act.other, by: act.by.name });
  return act.dryRun === true ? { ...outcome, merge: null } : outcome;
}

async function merge(batch: Batch, act: MergeAct): Promise<MergeOutcome> {
  const both = await takeBoth(batch, act.id, act.other);
  const nothing = { merge: null, repeated: false, refusal: null, obstacles: [], fields: [], links: [], moves: {} };
  if (both.other.entity.state.mergedInto === act.id) {
    const known = await findStanding(batch.tx, act.id, act.other);
    return { ...nothing, merge: known?.id ?? null, repeated: true };
  }
  for (const slot of [both.survivor, both.other]) assertOpen(slot);
  assertVersion(both.survivor, act.ifVersion);
  const facts = factsOf(batch, both, act);
  assertChoices(facts);
  const fields = planMerge(facts);
  const { links, obstacles: unsaid } = linksAfter(batch, act);
  const obstacles = [
    ...(await findForbidding(batch, both)),
    ...(await findUncertain(batch, [act.id, act.other])),
    ...unsaid,
  ];
  const refusal = refusalOf(obstacles);
  if (refusal !== null) {
    const contacts = (batch.contacts.get(act.other) ?? []).length;
    const moves = { kontaktpersoner: contacts, ...(await countRows(batch.tx, act.other)) };
    return { ...nothing, refusal, obstacles, fields, links, moves };
  }
  const done = await carryOut(batch, both, act, { facts, fields, links });
  return { ...nothing, ...done, fields, links };
}

interface Planned {
  readonly facts: MergeFacts;
  readonly fields: readonly MergedUnit[];
  readonly links: readonly MergedLink[];
}

async function carryOut(batch: Batch, { survivor, other }: Both, act: MergeAct, planned: Planned) {
  const { tx } = batch;
  const at = iso(batch.now);
  const [before, gone] = [survivor.entity, other.entity];
  const by = actorSetter(act.by, batch.now);
  const { holds, joined } = joinCases(batch, survivor, other);
  const policies = mergePolicies(before, gone, planned.fields);
  const effects = [...mergeEffects(planned.facts, planned.fields), ...foundIn(batch, before.values, gone.values)];
  const applied = applyToEntity(before, effects, by);
  const version = before.version + 1;
  survivor.entity = { ...applied.entity, version, holds, policies };
  survivor.dirty = true;
  other.entity = { ...gone, version: gone.version + 1, holds: {}, state: { ...gone.state, mergedInto: act.id } };
  other.dirty = true;
  const told = { by, changeId: null, runId: null, mappingVersion: null, kind: "merged", entity: "kundeemne" } as const;
  batch.history.push(
    { ...told, entityId: act.id, version, fields: { mergedFrom: [null, act.other], ...applied.changed } },
    { ...told, entityId: act.other, version: gone.version + 1, fields: { mergedInto: [null, act.id] } },
  );
  const links = await moveLinks(batch, gone, survivor, planned.links, act);
  const contacts = moveContacts(batch, act.other, act.id, by);
  const rows = { ...(await moveRows(tx, at, act.other, act.id)), ...(await moveWork(tx, act.other, act.id)) };
  const reviews = await moveReviews(tx, at, act.other, act.id, joined);
  const blocks = await uniteBlocks(tx, act.other, act.id);
  await markMerged(tx, act.other, act.id);
  await planNext(tx, [{ id: act.other, date: null }]);
  await addUp(batch, [survivor], { by, kind: "merged" });
  batch.look.add(act.id);
  const kept = {
    ...{ links, contacts, holds: gone.holds, blocks, rows: { ...rows, reviews } },
    policies: policies.filter((policy) => !before.policies.includes(policy)) satisfies RecordPolicy[],
  };
  const about = { survivorId: act.id, otherId: act.other, survivorVersion: version, by: act.by.name, kept };
  const counts = Object.entries(rows).map(([table, ids]) => [table, ids.length] as const);
  const moves = { kontaktpersoner: contacts.length, ...Object.fromEntries(counts), reviews: reviews.length };
  return { merge: await insertMerge(tx, at, about), moves };
}

/** What each link is afterwards, and where a person has to say which one is written to. */
function linksAfter(batch: Batch, act: MergeAct): { links: MergedLink[]; obstacles: Obstacle[] } {
  const slots = [...linksOf(batch, act.id), ...linksOf(batch, act.other)];
  const obstacles: Obstacle[] = [];
  const extra = new Set<string>();
  const named = new Set(act.main ?? []);
  for (const id of named)
    if (!slots.some(({ link }) => link.id === id))
      throw new RejectedError("bad_value", "`main` names links of the two records", { context: { field: "main" } });
  for (const group of Map.groupBy(slots, ({ link }) => laneKey(link.connection, link.object)).values()) {
    const live = group.filter(({ link }) => link.state === "linked");
    if (live.length < 2) continue;
    const [first] = live;
    const said = live.filter(({ link }) => named.has(link.id));
    // Where nothing is written, there is no main one to be named: the link of the record that stays speaks for it.
    const own = live.filter(({ link }) => link.entityId === act.id);
    const main = said.length === 0 && first !== undefined && !isWritten(batch, first.link) ? own : said;
    if (main.length === 1) for (const each of live) if (each !== main[0]) extra.add(each.link.id);
    if (main.length === 1 || first === undefined) continue;
    const { connection, object } = first.link;
    const links = live.map(({ link: { id, externalId } }) => ({ id, externalId }));
    obstacles.push({ code: "main_needed", connection, object, links });
  }
  const links = slots.map(({ link: { id, connection, object, externalId, entityId, state } }): MergedLink => {
    const of = entityId === act.id ? "survivor" : "other";
    return { id, connection, object, externalId, of, state: extra.has(id) ? "extra" : state };
  });
  return { links, obstacles };
}

/** Is an object of this connection ever written to, as configuration wishes? A file that was brought in is not. */
function isWritten({ deps }: Batch, { connection, object }: StoredLink): boolean {
  const direction = deps.config.connections[connection]?.objects[object]?.direction;
  return (direction === "out" || direction === "both") && deps.connectorOf(connection).byHand !== true;
}

async function moveLinks(
  batch: Batch,
  gone: EntitySlot["entity"],
  survivor: EntitySlot,
  planned: readonly MergedLink[],
  act: MergeAct,
): Promise<KeptLink[]> {
  const kept: KeptLink[] = [];
  const states = new Map(planned.map(({ id, state }) => [id, state]));
  for (const slot of [...linksOf(batch, act.id), ...linksOf(batch, act.other)]) {
    const { link } = slot;
    const becomes = states.get(link.id) === "extra" ? "extra" : link.state;
    if (link.entityId === act.id && becomes === link.state) continue;
    kept.push(keptLink(link, becomes));
    const moved = link.entityId === act.id ? link : moveLink(link, gone, survivor.entity);
    put(slot, { ...moved, state: becomes });
  }
  const turned = kept.flatMap(({ id, state, became }) => (became === state ? [] : [id]));
  await withdrawDeliveries(batch.tx, turned, "merged");
  await withdrawMerged(
    batch.tx,
    act.other,
    act.id,
    linksOf(batch, act.id).map(({ link: { connection, object } }) => ({ connection, object })),
  );
  resortLinks(batch, [act.id, act.other]);
  return kept;
}

const put = (slot: LinkSlot, link: LinkSlot["link"]): void => {
  slot.link = link;
  slot.dirty = true;
};

/** In which ledgers it is found, follows from its links (S35). */
function foundIn(
  batch: Batch,
  ours: EntitySlot["entity"]["values"],
  theirs: EntitySlot["entity"]["values"],
): UnitEffect[] {
  return (["findesDeb", "findesKred"] as const).flatMap((unit): UnitEffect[] =>
    theirs[unit] === true && ours[unit] !== true
      ? [{ unit, did: "took", rule: "S35:linked", write: { [unit]: true }, by: systemSetter(batch.now) }]
      : [],
  );
}

function factsOf(batch: Batch, { survivor, other }: Both, act: MergeAct): MergeFacts {
  const { deps, now, lanes } = batch;
  const { rankOf, connectorOf } = worldFor(deps, lanes, "kundeemne", now, () => false);
  const { units, unitOf } = catalogueOf("kundeemne");
  const chosen = Object.fromEntries(
    Object.entries(act.fields ?? {}).map(([name, part]) => [unitOf.get(name)?.name ?? name, part]),
  );
  const fallback = { rule: "manual" } as const;
  const survivorship = (unit: string) => deps.config.survivorship[unit] ?? units.get(unit)?.survivorship ?? fallback;
  return { survivor: survivor.entity, other: other.entity, chosen, survivorship, rankOf, connectorOf, now };
}

const WHY: Readonly<Record<string, string>> = {
  unknown_field: "There is no field or group of this name",
  not_a_choice: "The field follows from what is moved, or is never changed",
  looser: "Of a consent, objection or protection the stricter value stays",
  held: "A case holds the field: decide that first",
  pinned: "The other value is pinned: take the pin off first",
};

function assertChoices(facts: MergeFacts): void {
  const [first] = faultsOfChoice(facts);
  if (first === undefined) return;
  const { unit, fault } = first;
  throw new RejectedError(fault === "unknown_field" ? "bad_value" : "not_allowed", WHY[fault] ?? fault, {
    context: { field: `fields.${unit}` },
  });
}

function assertVersion({ entity: { version } }: EntitySlot, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === version) return;
  throw new StaleError("version_moved", "The record has another version by now", { context: { version } });
}
