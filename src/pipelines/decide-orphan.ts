import { clearOrphaned } from "../store/link-acts.ts";
import { removeBlocks } from "../store/link-blocks.ts";
import type { Review } from "../store/reviews.ts";
import { type Batch, iso, write } from "./batch.ts";
import { close, type Decision, retake } from "./decision.ts";
import { takeWhole } from "./whole-record.ts";

const BY_MAX = 100;
const WHY_MAX = 200;

/**
 * Decides what becomes of a Kundeemne that side crm has deleted (rule R1): `archive` keeps it without any writes;
 * `write_back` makes it there again.
 */
export async function decideOrphan(batch: Batch, before: Review, act: Decision): Promise<void> {
  const { entityId, connection, object, linkId } = before;
  if (entityId === null || connection === null || object === null) throw new Error(`Review ${before.id} is incomplete`);
  const slot = await takeWhole(batch, "kundeemne", entityId);
  const review = await retake(batch, act);
  await clearOrphaned(batch.tx, entityId);
  slot.entity = { ...slot.entity, state: { ...slot.entity.state, orphaned: false } };
  slot.dirty = true;
  if (act.decision === "archive") {
    const fields = {
      "arkiveret.vaerdi": true,
      "arkiveret.at": iso(batch.now),
      "arkiveret.by": act.by.name.slice(0, BY_MAX),
      "arkiveret.aarsag": act.why?.slice(0, WHY_MAX) ?? null,
    };
    const by = { kind: "person", actor: act.by.name, from: batch.now, to: batch.now } as const;
    const cause = { by, changeId: null, runId: null, mapping: null, kind: "archived" };
    write(batch, slot, [{ unit: "arkiveret", did: "took", rule: "R1:orphan_archived", write: fields }], cause);
    slot.entity = { ...slot.entity, state: { ...slot.entity.state, archived: true } };
  } else {
    await removeBlocks(batch.tx, connection, object, entityId);
    // The old object stands for nothing any more: a new one takes its place, under a new id.
    const gone = [...batch.links.values()].find((each) => each.link.id === linkId);
    if (gone !== undefined && gone.link.state === "gone") {
      gone.link = { ...gone.link, entityId: null, base: {}, seen: {}, decided: {}, decidedVersion: 0, renderings: {} };
      gone.dirty = true;
    }
    batch.due.push({ connection, object, linkId: null, entity: "kundeemne", entityId, kind: "create" });
    batch.look.add(entityId);
  }
  await close(batch, review, act);
}
