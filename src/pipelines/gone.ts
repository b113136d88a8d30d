import { remoteKey } from "../store/links.ts";
import { lostBy } from "./after-linking.ts";
import { type Batch, close, type Incoming, type LinkSlot, systemSetter, write } from "./batch.ts";
import { countGone } from "./counting.ts";
import type { OpenLane } from "./world.ts";

/**
 * The remote says that an object is not there any more (rules R9, R25). Nothing of the record is deleted: the link goes
 * into state `gone`, computed fields follow, and a person is told. A Kundeemne deleted on side crm becomes orphaned.
 */
export function judgeGone(batch: Batch, lane: OpenLane, slot: LinkSlot | undefined, incoming: Incoming): void {
  if (slot === undefined || slot.link.state === "gone") return close(batch, incoming, "decided", "unchanged");
  const { link } = slot;
  if (isNotShownYet(batch, lane, link, incoming)) return close(batch, incoming, "decided", "unchanged");
  // A write is on its way to the old number: the move waits until it has ended, or its end would find nobody (rule R9).
  if (incoming.replacedBy !== undefined && link.inFlight) return close(batch, incoming, "decided", "unchanged");
  const target =
    incoming.replacedBy === undefined
      ? undefined
      : (movedTo(batch, incoming.object, incoming.replacedBy) ??
        batch.links.get(remoteKey(incoming.object, incoming.replacedBy)));
  const under = target?.link;
  // Seen under its new number already, as a stranger that stands for nobody: that row makes room.
  if (incoming.replacedBy !== undefined && (under === undefined || under.entityId === null)) {
    if (under !== undefined) batch.links.delete(remoteKey(incoming.object, incoming.replacedBy));
    // Renumbered: the same object under another id; link, base and images move with it (rule R9). After a merge it is another
    // object, with versions and times of its own: unknown until it is read.
    const unread = { remoteVersion: null, remoteChangedAt: null, newestHash: null };
    slot.link = { ...link, ...unread, externalId: incoming.replacedBy, missingSince: null };
    slot.dirty = true;
    batch.renumbered.push({ id: link.id, externalId: incoming.replacedBy });
    return close(batch, incoming, "decided", "updated");
  }
  slot.link = { ...link, state: link.entityId === null ? link.state : "gone", missingSince: null, newestHash: null };
  slot.dirty = true;
  if (link.entityId === null) return close(batch, incoming, "decided", "unchanged");
  if (target !== undefined && under?.entityId === link.entityId) {
    // Merged here before it was there: of two links of one record one is left, and that is the one to write to (rule R28).
    if (under.state === "extra" && link.state === "linked") {
      target.link = { ...under, state: "linked" };
      target.dirty = true;
      batch.look.add(link.entityId);
    }
    return close(batch, incoming, "decided", "updated");
  }
  countGone(batch, incoming, link.entityId);
  batch.goneBlocks.push({
    connection: lane.connection,
    object: lane.object,
    entityId: link.entityId,
    externalId: "",
    kind: "gone",
  });
  const entity = batch.entities.get(link.entityId);
  if (entity === undefined) throw new Error(`Record ${link.entityId} of a link is not in hand`);
  const cause = {
    by: systemSetter(batch.now),
    changeId: incoming.changeId,
    runId: incoming.runId,
    mapping: null,
    kind: "gone",
  };
  if (!linkedElsewhere(batch, link.id, link.entityId, incoming.object))
    write(batch, entity, lostBy(batch, entity, incoming.object, "S35:gone"), cause);
  const about = {
    entity: link.entity,
    entityId: link.entityId,
    connection: lane.connection,
    object: lane.object,
    externalId: incoming.externalId,
    linkId: link.id,
  } as const;
  const other = under?.entityId ?? null;
  if (other !== null && link.entity === "kundeemne" && incoming.replacedBy !== undefined) {
    // Two objects became one there: whether their records are one too, is a person's to say (rule R28).
    batch.openings.push({
      ...{ entityId: null, hold: null },
      review: {
        ...{ ...about, entityId: other, kind: "duplicate", reason: "R9:merged_at_remote" },
        detail: { candidates: [other, link.entityId], replacedBy: incoming.replacedBy },
      },
    });
  } else if (lane.side === "crm" && link.entity === "kundeemne") {
    batch.orphaned.push(link.entityId);
    entity.entity = { ...entity.entity, state: { ...entity.entity.state, orphaned: true } };
    batch.openings.push({
      entityId: link.entityId,
      hold: null,
      review: { ...about, kind: "orphaned", reason: "R1:deleted_on_side_crm" },
    });
  } else {
    batch.alerts.push({ ...about, kind: "alert", reason: "R25:gone" });
  }
  close(batch, incoming, "decided", "updated");
}

/** Made a moment ago at a remote that shows new rows late: that it was not found says nothing yet (rules R9, R19). */
function isNotShownYet(
  batch: Batch,
  lane: OpenLane,
  { linkedAt, newestChangeId }: LinkSlot["link"],
  incoming: Incoming,
): boolean {
  // Shown once, it is not late any more.
  if (linkedAt === null || newestChangeId !== null) return false;
  // A change of the inbox is the remote's own word that it was deleted; another id in its place is an answer too.
  if (incoming.changeId !== null || incoming.replacedBy !== undefined) return false;
  return incoming.beganAt < Date.parse(linkedAt) + batch.deps.connectorOf(lane.connection).showsAfterMs;
}

/** Another live link of the record at an object of the same name, in this or another ledger. */
export function linkedElsewhere(batch: Batch, linkId: string, entityId: string, object: string): boolean {
  const live = (link: { id: string; state: string; object: string }): boolean =>
    link.id !== linkId && link.state === "linked" && link.object === object;
  if (
    (batch.otherLinks.get(entityId) ?? []).some(
      (link) => live(link) && ![...batch.links.values()].some((slot) => slot.link.id === link.id),
    )
  )
    return true;
  for (const slot of batch.links.values()) if (slot.link.entityId === entityId && live(slot.link)) return true;
  return false;
}

/** The link that this batch has moved to the number already: another object that became the same one there. */
function movedTo(batch: Batch, object: string, externalId: string): LinkSlot | undefined {
  const ids = new Set(batch.renumbered.filter((each) => each.externalId === externalId).map(({ id }) => id));
  if (ids.size === 0) return undefined;
  return [...batch.links.values()].find(({ link }) => ids.has(link.id) && link.object === object);
}
