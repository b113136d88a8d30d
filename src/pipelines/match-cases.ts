import { type Batch, type Incoming, iso, type LinkSlot } from "./batch.ts";

/** Several records could be meant, or one that is taken: a person decides (domain notes, e.8; rules R24, R25). */
export function openMatchCase(
  batch: Batch,
  slot: LinkSlot,
  incoming: Incoming,
  candidates: readonly string[],
  tier: string,
): void {
  slot.link = { ...slot.link, state: "suggested" };
  slot.dirty = true;
  if (batch.openMatches.has(slot.link.id)) return;
  batch.openMatches.add(slot.link.id);
  batch.openings.push({
    entityId: null,
    hold: null,
    review: {
      kind: "match_case",
      entity: slot.link.entity,
      connection: slot.link.connection,
      object: slot.link.object,
      externalId: slot.link.externalId,
      linkId: slot.link.id,
      changeId: incoming.changeId,
      runId: incoming.runId,
      reason: tier,
      detail: { candidates, at: iso(incoming.receivedAt) },
    },
  });
}
