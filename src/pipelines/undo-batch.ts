import type { EntityKind } from "../model/catalogue.ts";
import type { UnitEffect } from "../rules/decision.ts";
import { setterInForce } from "../rules/record.ts";
import {
  ARCHIVED,
  isFilled,
  isMade,
  type LeftReason,
  type PastVersion,
  planUndo,
  UNDONE,
  type UndoStep,
} from "../rules/undo.ts";
import { pick } from "../rules/unit-values.ts";
import { loadEntities } from "../store/entities.ts";
import { loadLinksOf, lockLinksById } from "../store/links.ts";
import { addRunCounts } from "../store/runs.ts";
import {
  archivedByUndo,
  loadVersions,
  nextOfUndo,
  type UndoItem,
  type UndoRun,
  type Waiting,
  writeUndoItems,
} from "../store/undo.ts";
import { type Batch, type Cause, type EntitySlot, iso, systemSetter, write } from "./batch.ts";
import { contactsOf } from "./contacts.ts";
import { actorSetter, makePrimary } from "./edit.ts";
import { endLinks } from "./linking.ts";
import { takeEntities } from "./load.ts";
import { keepShown, keptByRemote, pinned, unpinned } from "./undo-remotes.ts";

/** What one record comes to, in hand. */
interface Undoing {
  readonly batch: Batch;
  readonly run: UndoRun;
  readonly slot: EntitySlot;
  readonly cause: Cause;
  readonly versions: ReadonlyMap<string, readonly PastVersion[]>;
  readonly items: UndoItem[];
}

/**
 * Undoes the next records of a run, in hand; the caller writes the batch, or drops it where it is a preview. Gives the
 * number looked at; 0: it is through. What it has done is struck off in the same transaction, so a crash repeats nothing.
 */
export async function undoNext(batch: Batch, run: UndoRun, limit: number): Promise<number> {
  const { tx } = batch;
  const waiting = await nextOfUndo(tx, run.id, limit);
  if (waiting.length === 0) return 0;
  const ids = waiting.map((each) => each.entityId);
  const versions = await loadVersions(tx, run, ids);
  // Links that will be written: of contacts that were made, and of what was filled.
  const written = waiting.filter(({ entity, entityId }) => {
    const past = versions.get(entityId) ?? [];
    return isFilled(past) || (entity === "kontaktperson" && isMade(past));
  });
  await takeLinksOf(batch, written);
  await takeEntities(batch, new Map(waiting.map((each) => [each.entityId, each.entity])));
  // Who else of an emne was made primary, and by whom, decides who may be again.
  const beside = waiting.flatMap(({ entity, entityId }) =>
    entity === "kundeemne"
      ? []
      : contactsOf(batch, batch.entities.get(entityId)?.entity.parentId ?? "").map((each) => each.entity.id),
  );
  const missing = [...new Set(beside)].filter((id) => !versions.has(id));
  for (const [id, each] of await loadVersions(tx, run, missing)) versions.set(id, each);
  const parents = waiting.flatMap(({ entityId }) => batch.entities.get(entityId)?.entity.parentId ?? []);
  const archived = await archivedByUndo(tx, run.id, parents);
  const by = actorSetter(run.detail.actor, batch.now);
  const cause: Cause = { by, changeId: null, runId: run.id, mapping: null, kind: "undone" };
  const items: UndoItem[] = [];
  for (const each of waiting) {
    const slot = batch.entities.get(each.entityId);
    if (slot === undefined) items.push(itemOf(each.entity, each.entityId, "*", null, "gone", {}));
    else await undoRecord({ batch, run, slot, cause, versions, items }, archived);
  }
  await writeUndoItems(tx, run.id, waiting, items);
  const counts: Record<string, number> = { read: items.length };
  for (const { plan } of items) counts[plan] = (counts[plan] ?? 0) + 1;
  await addRunCounts(tx, new Map([[run.id, counts]]));
  return waiting.length;
}

/** Locked before the records are: links, then records, then deliveries. A contact shows on the links of its emne too. */
async function takeLinksOf(batch: Batch, records: readonly Waiting[]): Promise<void> {
  const { tx } = batch;
  const contacts = records.flatMap((each) => (each.entity === "kontaktperson" ? [each.entityId] : []));
  const parents = [...(await loadEntities(tx, "kontaktperson", contacts)).values()].flatMap(
    (each) => each.parentId ?? [],
  );
  const links = await loadLinksOf(tx, [...new Set([...records.map((each) => each.entityId), ...parents])]);
  const locked = await lockLinksById(
    tx,
    links.map((link) => link.id),
  );
  for (const [id, link] of locked) batch.links.set(id, { link, dirty: false, image: undefined });
}

const itemOf = (
  entity: EntityKind,
  entityId: string,
  unit: string,
  version: number | null,
  plan: string,
  detail: UndoItem["detail"],
): UndoItem => ({ entity, entityId, unit, version, plan, detail });

const tell = ({ slot, items }: Undoing, unit: string, plan: string, detail: UndoItem["detail"] = {}): void => {
  items.push(itemOf(slot.entity.kind, slot.entity.id, unit, slot.entity.version, plan, detail));
};

async function undoRecord(undoing: Undoing, archived: Set<string>): Promise<void> {
  const { batch, slot, versions } = undoing;
  const { entity } = slot;
  const emne = entity.parentId === null ? slot : batch.entities.get(entity.parentId);
  const state = emne === undefined ? entity : { ...entity, state: emne.entity.state };
  const plan = planUndo(entity, state, versions.get(entity.id) ?? []);
  if (plan.kind === "made") {
    if (entity.parentId !== null && archived.has(entity.parentId)) return tell(undoing, "*", "archived");
    if (plan.stands) return tell(undoing, "*", entity.kind === "kundeemne" ? "archived" : "unlinked");
    if (plan.left !== undefined) return tell(undoing, "*", plan.left, since(plan.since));
    if (entity.kind === "kontaktperson") return endContact(undoing);
    archived.add(entity.id);
    return archive(undoing);
  }
  for (const step of plan.steps) undoStep(undoing, step);
}

const since = (version: number | undefined): UndoItem["detail"] => (version === undefined ? {} : { since: version });

/** A Kundeemne that the run has made is kept, without any writes in or out; its links stay, so that this can be undone. */
function archive(undoing: Undoing): void {
  const { batch, run, slot, cause } = undoing;
  const fields = {
    "arkiveret.vaerdi": true,
    "arkiveret.at": iso(batch.now),
    "arkiveret.by": run.detail.actor.name.slice(0, 100),
    "arkiveret.aarsag": `undo ${run.id}`,
  };
  write(batch, slot, [{ unit: "arkiveret", did: "took", rule: ARCHIVED, write: fields }], cause);
  slot.entity = { ...slot.entity, state: { ...slot.entity.state, archived: true } };
  tell(undoing, "*", "archived");
}

/** A contact that the run has made is no longer primary, and its links end (rule R25); it is never deleted. */
async function endContact(undoing: Undoing): Promise<void> {
  const { batch, run, slot, cause } = undoing;
  const own = [...batch.links.values()].filter(
    ({ link }) => link.entityId === slot.entity.id && link.state !== "unlinked",
  );
  const wasPrimary = slot.entity.values.primaer === true;
  if (own.length === 0 && !wasPrimary) return tell(undoing, "*", "no_link");
  if (wasPrimary)
    write(batch, slot, [{ unit: "primaer", did: "took", rule: UNDONE, write: { primaer: false } }], cause);
  for (const { link } of own) {
    const { connection, object } = link;
    batch.goneBlocks.push({ connection, object, entityId: slot.entity.id, externalId: "", kind: "unlinked" });
  }
  if (!run.detail.preview) await endLinks(batch, own, run.detail.actor);
  batch.look.add(slot.entity.parentId ?? "");
  tell(undoing, "*", "unlinked", { links: own.length });
}

function undoStep(undoing: Undoing, step: UndoStep): void {
  const { batch, run, slot, cause, versions } = undoing;
  const { unit, fields } = step;
  if (step.kind === "stands") return tell(undoing, unit, "undone", { fields });
  if (step.kind === "left") return tell(undoing, unit, step.reason, { fields, ...since(step.since) });
  if (unit === "primaer" && step.write.primaer === true && !mayBePrimary(batch, slot, versions))
    return tell(undoing, unit, "changed_since" satisfies LeftReason, { fields });
  const remotes = keptByRemote(batch, slot, unit);
  if (remotes.length > 0 && !run.detail.pin)
    return tell(undoing, unit, "needs_pin" satisfies LeftReason, { fields, remotes });
  const setter = setterInForce(slot.entity, unit);
  const effect: UnitEffect = {
    unit,
    did: "took",
    rule: UNDONE,
    write: step.write,
    // What was derived stays so: whoever claims a value of it ranks above (rule R4).
    ...(setter?.kind === "derived" ? { by: { kind: "derived", from: batch.now, to: batch.now } } : {}),
    // Nobody wished the field empty: any claim of a value is taken.
    ...(step.filledFrom === null ? {} : { by: systemSetter(batch.now) }),
    ...(setter === undefined
      ? {}
      : { loser: { value: pick(Object.keys(step.write), slot.entity.values), by: setter } }),
  };
  write(batch, slot, [effect], cause);
  if (step.filledFrom !== null) keepShown(batch, slot, unit, step.filledFrom);
  if (unit === "arkiveret") slot.entity = { ...slot.entity, state: { ...slot.entity.state, archived: false } };
  if (unit === "primaer" && step.write.primaer === true && slot.entity.parentId !== null)
    makePrimary(batch, slot.entity.parentId, slot.entity.id, cause);
  // A pin that the undone undo had set goes with it.
  if (run.detail.undoes.run !== undefined) slot.entity = unpinned(slot.entity, unit, run.detail.undoes.run);
  if (remotes.length > 0) slot.entity = pinned(slot.entity, unit, run.id, run.detail.actor.name);
  slot.dirty = true;
  tell(undoing, unit, "undone", { fields, ...(remotes.length > 0 ? { pinned: true, remotes } : {}) });
}

/** Only from one that the same run has made primary: whom a person chose since stays (S22). */
function mayBePrimary(batch: Batch, slot: EntitySlot, versions: Undoing["versions"]): boolean {
  const others = contactsOf(batch, slot.entity.parentId ?? "").filter(
    (each) => each !== slot && each.entity.values.primaer === true,
  );
  return others.every((each) => {
    const last = (versions.get(each.entity.id) ?? []).findLast((version) => version.fields.primaer !== undefined);
    return last?.mine === true || last?.undoing === true;
  });
}
