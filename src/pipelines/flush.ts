import { closeChanges, wakeChildren } from "../store/changes.ts";
import type { Tx } from "../store/database.ts";
import { markDue, settleReceipted } from "../store/deliveries.ts";
import { drawAccountNumbers, takenAccountNumbers, upsertEntities } from "../store/entities.ts";
import { appendHistory } from "../store/history.ts";
import { addBlock } from "../store/link-blocks.ts";
import type { StoredLink } from "../store/links.ts";
import { beginFlights, markOrphaned, renumberLinks, upsertLinks } from "../store/links-write.ts";
import { writeBlocks } from "../store/match-blocks.ts";
import { alert, closeReviews, openReviews, suspendCases, updateSides } from "../store/reviews.ts";
import { addRunCounts } from "../store/runs.ts";
import { type Batch, iso, type LinkSlot } from "./batch.ts";
import { contactKeys } from "./contacts.ts";
import { changedBlocks } from "./match-blocks.ts";
import { searchKeys } from "./matching.ts";
import { findOwed } from "./owing.ts";

/**
 * Writes everything the batch has decided: a handful of statements, whatever the number of records. Must be the last act
 * of its transaction.
 */
export async function flush(batch: Batch): Promise<void> {
  const { tx, now } = batch;
  const at = iso(now);
  await nameAccounts(batch);
  findOwed(batch);
  await openHolds(batch, at);
  const emner = [];
  const contacts = [];
  for (const slot of batch.entities.values()) {
    if (!slot.dirty) continue;
    const { entity } = slot;
    const write = { entity, createdAt: slot.createdAt, updatedAt: at };
    if (entity.kind === "kundeemne") emner.push({ ...write, keys: searchKeys(entity.values) });
    else contacts.push({ ...write, keys: contactKeys(entity.values) });
  }
  const links: LinkSlot[] = [];
  const departing: StoredLink[] = [];
  for (const slot of batch.links.values()) {
    if (slot.dirty) links.push(slot);
    else if (slot.departs === true) departing.push(slot.link);
  }
  // A contact that stops being primary is written before the one that becomes it: at most one at any time (S22).
  contacts.sort((a, b) => Number(a.entity.values.primaer === true) - Number(b.entity.values.primaer === true));
  await upsertEntities(tx, "kundeemne", emner);
  await upsertEntities(
    tx,
    "kontaktperson",
    contacts.filter((write) => write.entity.values.primaer !== true),
  );
  await upsertEntities(
    tx,
    "kontaktperson",
    contacts.filter((write) => write.entity.values.primaer === true),
  );
  await settleReceipted(tx, batch.receipted);
  await countOvertaken(tx, batch, await renumberLinks(tx, batch.renumbered));
  await markOrphaned(tx, batch.orphaned, at);
  for (const block of batch.goneBlocks) await addBlock(tx, { ...block, by: "kobling", at });
  // From here on nothing reads what another statement of the batch writes: they go out together.
  await Promise.all([
    upsertLinks(tx, links, at),
    beginFlights(tx, departing, at, batch.known?.links),
    appendHistory(tx, at, batch.history),
    writeBlocks(
      tx,
      changedBlocks(batch.history, (id) => batch.entities.get(id)?.entity.values),
    ),
    closeChanges(tx, batch.outcomes),
    markDue(tx, batch.due),
    updateSides(
      tx,
      at,
      [...batch.held.values()].filter((review) => review.moved).map(({ id, sides }) => ({ id, sides })),
    ),
    closeReviews(
      tx,
      at,
      batch.closings.map(({ id, why }) => ({ id, state: "closed" as const, decision: why, by: "kobling" })),
    ),
    wakeChildren(tx, batch.connection, batch.linked),
  ]);
  await suspendCases(tx, at, archivings(batch));
  for (const each of batch.alerts) {
    await alert(tx, at, each);
    batch.deps.log.warn("alert.opened", {
      reason: each.reason,
      connection: each.connection,
      object: each.object,
      entityId: each.entityId,
    });
  }
}

/** Records that were archived in this batch, or taken out of the archive. */
const archivings = ({ history }: Batch): { id: string; archived: boolean }[] =>
  history.flatMap(({ entityId, fields }) => {
    const turned = fields["arkiveret.vaerdi"];
    return turned === undefined ? [] : [{ id: entityId, archived: turned[1] === true }];
  });

/** Opens the cases and writes their ids into the records that they hold. */
async function openHolds(batch: Batch, at: string): Promise<void> {
  if (batch.openings.length === 0) return;
  const ids = await openReviews(
    batch.tx,
    at,
    batch.openings.map((opening) => opening.review),
  );
  batch.openings.forEach(({ entityId, hold }, n) => {
    const slot = entityId === null ? undefined : batch.entities.get(entityId);
    const id = ids[n];
    if (slot === undefined || hold === null || id === undefined || slot.entity.holds[hold] !== 0) return;
    slot.entity = { ...slot.entity, holds: { ...slot.entity.holds, [hold]: id } };
    slot.dirty = true;
  });
}

/** Account numbers are set once: those that came with a record stay when they are free, the rest are drawn (S3, S8). */
async function nameAccounts(batch: Batch): Promise<void> {
  const made = [...batch.entities.values()].filter(
    (slot) => slot.was === 0 && slot.entity.kind === "kundeemne" && slot.entity.version > 0,
  );
  if (made.length === 0) return;
  const claimed = made.flatMap((slot) =>
    typeof slot.entity.values.kontonummer === "string" ? [slot.entity.values.kontonummer] : [],
  );
  const taken = await takenAccountNumbers(batch.tx, claimed);
  const nameless = made.filter((slot) => {
    const number = slot.entity.values.kontonummer;
    if (typeof number !== "string" || taken.has(number)) return true;
    taken.add(number);
    return false;
  });
  const numbers = await drawAccountNumbers(batch.tx, nameless.length, taken);
  nameless.forEach((slot, n) => {
    const kontonummer = numbers[n];
    if (kontonummer === undefined) throw new Error("Fewer account numbers than records");
    slot.entity = { ...slot.entity, values: { ...slot.entity.values, kontonummer } };
    const created = batch.history.find((entry) => entry.entityId === slot.entity.id && entry.version === 1);
    if (created !== undefined) created.fields.kontonummer = [null, kontonummer];
  });
}

/** Changes that were put aside unread count once like all others (promise 12); those of this batch count with it. */
async function countOvertaken(
  tx: Tx,
  batch: Batch,
  overtaken: readonly { id: number; runId: number | null }[],
): Promise<void> {
  const mine = new Set(batch.outcomes.map(({ id }) => id));
  const counts = new Map<number, { unchanged: number }>();
  for (const { id, runId } of overtaken)
    if (runId !== null && !mine.has(id)) counts.set(runId, { unchanged: (counts.get(runId)?.unchanged ?? 0) + 1 });
  await addRunCounts(tx, counts);
}
