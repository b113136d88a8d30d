import type { Change } from "../store/changes.ts";
import { remoteKey } from "../store/links.ts";
import type { Batch, Incoming } from "./batch.ts";

/** A change of the inbox as a reading to be decided. `queued`: its connection pushes and cannot be asked. */
export const toIncoming = (change: Change, queued: boolean): Incoming => ({
  object: change.object,
  externalId: change.externalId,
  changeId: change.id,
  runId: change.runId,
  deleted: change.deleted,
  body: change.body,
  hash: change.hash,
  counter: change.counter,
  lastDelivery: change.lastDelivery,
  remoteVersion: change.remoteVersion,
  changedAt: change.changedAt,
  beganAt: change.beganAt,
  receivedAt: change.receivedAt,
  hadBaseAt: change.hadBaseAt,
  writeCount: change.writeCount,
  whole: change.whole,
  // A snapshot is a reading as old as its opening; with a counter or a delivery id it says more (rule R21).
  pushed: queued && (change.via !== "snapshot" || change.counter !== null || change.lastDelivery !== null),
  // What we cannot read again is believed as it is pushed: many clears at once are held, not asked about (rule R8).
  confirmed: queued || change.via === "confirm",
  certain: false,
});

/** Nothing is known of the object yet, or nobody has said what it stands for. */
export function isStranger(batch: Batch, incoming: Incoming): boolean {
  const slot = batch.links.get(remoteKey(incoming.object, incoming.externalId));
  return (
    !incoming.deleted &&
    (slot === undefined ||
      (slot.link.entityId === null && (slot.link.state === "suggested" || slot.link.state === "linked")) ||
      slot.link.state === "gone")
  );
}
