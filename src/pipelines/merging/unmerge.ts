import { RejectedError } from "../../lib/errors.ts";
import type { Values } from "../../model/catalogue.ts";
import { applyToEntity } from "../../rules/apply.ts";
import type { UnitEffect } from "../../rules/decision.ts";
import { setterInForce } from "../../rules/record.ts";
import { type LeftReason, planUndo, UNDONE } from "../../rules/undo.ts";
import { pick } from "../../rules/unit-values.ts";
import type { StoredLink } from "../../store/links.ts";
import { moveReviewsBack, moveRowsBack, moveWorkBack, partBlocks } from "../../store/merge-moves.ts";
import { endMerge, findMerge, type KeptOfMerge, loadSince, lockMerge, markMerged } from "../../store/merges.ts";
import { lostBy } from "../after-linking.ts";
import { type Batch, iso } from "../batch.ts";
import { addUp } from "../dealing-sums.ts";
import { decideBatch } from "../decide-batch.ts";
import type { Actor, Deps } from "../deps.ts";
import { actorSetter, inBatch } from "../edit.ts";
import { linkedElsewhere } from "../gone.ts";
import { keptReading } from "../kept-reading.ts";
import { keptByRemote } from "../undo-remotes.ts";
import { releaseHold } from "../whole-record.ts";
import { type Both, resortLinks, takeBoth } from "./both.ts";
import { moveContactsBack } from "./contacts.ts";
import { moveBack } from "./links.ts";
import { assertOpen, findUncertain, type Obstacle, type Refusal, refusalOf } from "./obstacles.ts";
import { inTrial } from "./trial.ts";

export interface UnmergeAct {
  readonly merge: number;
  readonly dryRun?: boolean;
  readonly by: Actor;
}

/** Something that stays as it is now, and why. */
export interface LeftByUndo {
  readonly what: "field" | "link" | "contact" | "policy" | "review" | "rows";
  /** A field or group, an id, a table. */
  readonly name: string;
  readonly reason: LeftReason;
}

/** A link that comes back, and what its object was edited to meanwhile. */
interface Edited {
  readonly link: StoredLink;
  readonly shown: Values;
}

export interface UnmergeOutcome {
  readonly survivorId: string;
  readonly otherId: string;
  readonly repeated: boolean;
  readonly refusal: Refusal | null;
  readonly obstacles: readonly Obstacle[];
  /** Fields of the survivor that have their value from before again. */
  readonly restored: readonly string[];
  /** What went back to the other record, counted. */
  readonly moves: Readonly<Record<string, number>>;
  readonly left: readonly LeftByUndo[];
}

/**
 * Takes a merge back (rules R28, R33), in one transaction: the record that went stands for itself again, with what the merge
 * had moved and nobody has moved since; the survivor's fields get their values from before, where nobody has changed them.
 * What is left is listed. What a remote was edited to meanwhile is decided for the record that its link comes back to.
 * Taken back already: nothing changes. Throws RejectedError `not_found`, `gone`, `record_closed`, `conflict` (merged on).
 */
export async function unmergeKundeemner(deps: Deps, act: UnmergeAct): Promise<UnmergeOutcome> {
  const edited: Edited[] = [];
  const work = (batch: Batch): Promise<UnmergeOutcome> => unmerge(batch, act, edited);
  if (act.dryRun === true) return inTrial(deps, work);
  const outcome = await inBatch(deps, work, async (batch) => {
    const due = [];
    for (const [connection, links] of Map.groupBy(edited, ({ link }) => link.connection)) {
      const readings = links.map(({ link, shown }) => ({ ...keptReading(link, null, batch.now), shown }));
      due.push(...(await decideBatch(deps, batch.tx, connection, readings)).due);
    }
    return due;
  });
  if (!outcome.repeated && outcome.refusal === null)
    deps.log.info("record.unmerged", { mergeId: act.merge, left: outcome.left.length, by: act.by.name });
  return outcome;
}

async function unmerge(batch: Batch, act: UnmergeAct, edited: Edited[]): Promise<UnmergeOutcome> {
  const known = await findMerge(batch.tx, act.merge);
  const missing = new RejectedError("not_found", "There is no merge with this id", { context: { merge: act.merge } });
  if (known === undefined) throw missing;
  const { survivorId, otherId } = known;
  const about = { survivorId, otherId, repeated: false, refusal: null, obstacles: [] };
  const nothing = { ...about, restored: [], moves: {}, left: [] };
  const both = await takeBoth(batch, survivorId, otherId);
  const merge = await lockMerge(batch.tx, act.merge);
  if (merge === undefined) throw missing;
  if (merge.undoneAt !== null) return { ...nothing, repeated: true };
  const { state } = both.survivor.entity;
  if (state.mergedInto !== null)
    throw new RejectedError("conflict", `Merged on into ${state.mergedInto}: take that merge back first`, {
      context: { survivor: state.mergedInto },
    });
  assertOpen(both.survivor);
  if (both.other.entity.state.erased)
    throw new RejectedError("gone", "The record was erased", { context: { id: merge.otherId } });
  const obstacles = await findUncertain(batch, [merge.survivorId]);
  const refusal = refusalOf(obstacles);
  if (refusal !== null) return { ...nothing, refusal, obstacles };
  return { ...nothing, ...(await carryOut(batch, both, act, merge, edited)) };
}

async function carryOut(
  batch: Batch,
  both: Both,
  act: UnmergeAct,
  { survivorVersion, kept }: { survivorVersion: number; kept: KeptOfMerge },
  edited: Edited[],
): Promise<Pick<UnmergeOutcome, "restored" | "moves" | "left">> {
  const { tx } = batch;
  const { survivor, other } = both;
  const [survivorId, otherId] = [survivor.entity.id, other.entity.id];
  const at = iso(batch.now);
  const by = actorSetter(act.by, batch.now);
  const left: LeftByUndo[] = [];
  other.entity = {
    ...other.entity,
    state: { ...other.entity.state, mergedInto: null },
    version: other.entity.version + 1,
  };
  other.dirty = true;
  const backLinks = linksBack(batch, both, { survivorVersion, kept }, left, edited);
  const backContacts = moveContactsBack(batch, survivorId, otherId, kept.contacts, by);
  for (const { id } of kept.contacts)
    if (!backContacts.includes(id)) left.push({ what: "contact", name: id, reason: "changed_since" });
  const rows = await moveRowsBack(tx, at, survivorId, otherId, kept.rows);
  for (const [table, count] of Object.entries(rows))
    if (count < (kept.rows[table] ?? []).length) left.push({ what: "rows", name: table, reason: "changed_since" });
  await moveWorkBack(tx, survivorId, otherId, kept.rows);
  const reviews = await casesBack(batch, both, kept, left);
  await partBlocks(tx, survivorId, kept.blocks);
  const restored = await valuesBack(batch, both, act, { survivorVersion, kept }, left, backLinks);
  const told = {
    by,
    changeId: null,
    runId: null,
    mappingVersion: null,
    kind: "unmerged",
    entity: "kundeemne",
  } as const;
  batch.history.push({
    ...{ ...told, entityId: otherId, version: other.entity.version },
    fields: { mergedInto: [survivorId, null] },
  });
  await markMerged(tx, otherId, null);
  await endMerge(tx, act.merge, at, act.by.name);
  await addUp(batch, [survivor, other], { by, kind: "unmerged" });
  for (const id of [survivorId, otherId]) batch.look.add(id);
  return { restored, left, moves: { links: backLinks.length, kontaktpersoner: backContacts.length, ...rows, reviews } };
}

/** Links go back to the record that they had, and to the state that they had. Gives those that changed hands. */
function linksBack(
  batch: Batch,
  { survivor, other }: Both,
  { survivorVersion, kept }: { survivorVersion: number; kept: KeptOfMerge },
  left: LeftByUndo[],
  edited: Edited[],
) {
  const back: StoredLink[] = [];
  for (const each of kept.links) {
    const slot = batch.links.get(each.id);
    if (slot === undefined || slot.link.entityId !== survivor.entity.id || slot.link.state !== each.became) {
      left.push({ what: "link", name: each.id, reason: "changed_since" });
      continue;
    }
    const { link } = slot;
    slot.dirty = true;
    if (each.entityId === survivor.entity.id) {
      slot.link = { ...link, state: each.state as StoredLink["state"] }; // kept from a link's state
      continue;
    }
    const mapping = batch.deps.mappingOf(link.connection, link.object);
    const moved = moveBack(link, each, mapping, survivor.entity, other.entity, survivorVersion);
    slot.link = { ...link, ...moved.link };
    back.push(slot.link);
    if (Object.keys(moved.edited).length > 0) edited.push({ link: slot.link, shown: moved.edited });
  }
  resortLinks(batch, [survivor.entity.id, other.entity.id]);
  return back;
}

/** Cases that still wait hold the fields that they held. */
async function casesBack(
  batch: Batch,
  { survivor, other }: Both,
  kept: KeptOfMerge,
  left: LeftByUndo[],
): Promise<number> {
  const ids = (kept.rows.reviews ?? []).map(Number);
  const back = await moveReviewsBack(batch.tx, iso(batch.now), survivor.entity.id, other.entity.id, ids);
  const holds: { [unit: string]: number } = {};
  for (const [unit, id] of Object.entries(kept.holds)) {
    if (!back.has(id)) {
      left.push({ what: "review", name: String(id), reason: "changed_since" });
      continue;
    }
    holds[unit] = id;
    releaseHold(survivor, id);
    const review = batch.held.get(id);
    if (review !== undefined) batch.held.set(id, { ...review, entityId: other.entity.id, moved: true });
  }
  other.entity = { ...other.entity, holds };
  return back.size;
}

/** The survivor's fields and policies as they were, where nobody has changed them since (rule R33). */
async function valuesBack(
  batch: Batch,
  { survivor, other }: Both,
  act: UnmergeAct,
  { survivorVersion, kept }: { survivorVersion: number; kept: KeptOfMerge },
  left: LeftByUndo[],
  backLinks: readonly StoredLink[],
): Promise<string[]> {
  const before = survivor.entity;
  const versions = await loadSince(batch.tx, before.id, survivorVersion);
  const plan = planUndo(before, before, versions);
  const effects: UnitEffect[] = [];
  for (const step of plan.kind === "units" ? plan.steps : []) {
    const { unit } = step;
    const remotes = step.kind === "restore" ? keptByRemote(batch, survivor, unit) : [];
    if (step.kind !== "restore" || remotes.length > 0) {
      if (step.kind !== "stands")
        left.push({ what: "field", name: unit, reason: step.kind === "left" ? step.reason : "needs_pin" });
      continue;
    }
    const setter = setterInForce(before, unit);
    const loser =
      setter === undefined ? {} : { loser: { value: pick(Object.keys(step.write), before.values), by: setter } };
    effects.push({ unit, did: "took", rule: UNDONE, write: step.write, ...loser });
  }
  const restored = effects.map(({ unit }) => unit);
  for (const { id, object } of backLinks)
    if (!linkedElsewhere(batch, id, before.id, object)) {
      const lost = lostBy(batch, survivor, object, "S35:unlinked");
      effects.push(...lost.filter(({ unit }) => !restored.includes(unit)));
    }
  const by = actorSetter(act.by, batch.now);
  const applied = applyToEntity(before, effects, by);
  const version = before.version + 1;
  const came = new Set(kept.policies.map((policy) => JSON.stringify(policy)));
  const policies = before.policies.filter((policy) => !came.delete(JSON.stringify(policy)));
  for (const policy of came)
    left.push({ what: "policy", name: String(JSON.parse(policy).unit), reason: "changed_since" });
  survivor.entity = { ...applied.entity, version, policies };
  survivor.dirty = true;
  batch.history.push({
    ...{ entityId: before.id, entity: "kundeemne", version, kind: "unmerged", by },
    ...{ changeId: null, runId: null, mappingVersion: null },
    fields: { mergedFrom: [other.entity.id, null], ...applied.changed },
  });
  return restored;
}
