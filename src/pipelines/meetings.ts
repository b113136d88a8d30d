import { addMeetings, namedByPreview } from "../store/lanes.ts";
import type { Batch } from "./batch.ts";
import { LaneStopped } from "./lane-stopped.ts";
import type { Mapped } from "./load.ts";
import { laneKey, type OpenLane } from "./world.ts";

/** More first meetings than this need an accepted, fresh preview (rule R26). */
const WITHOUT_PREVIEW = 20;

const key = (object: string, externalId: string): string => `${object}\u0000${externalId}`;

/** Loads which of these strangers an accepted preview has named. */
export async function takeAccepted(batch: Batch, strangers: readonly Mapped[]): Promise<void> {
  const byObject = new Map<string, string[]>();
  for (const { incoming } of strangers)
    byObject.set(incoming.object, [...(byObject.get(incoming.object) ?? []), incoming.externalId]);
  for (const [object, ids] of byObject) {
    const preview = batch.lanes.get(laneKey(batch.connection, object))?.row.previewId;
    if (preview === null || preview === undefined) continue;
    for (const id of await namedByPreview(batch.tx, preview, object, ids)) batch.accepted.add(key(object, id));
  }
}

export function countMeeting(batch: Batch, lane: OpenLane, externalId: string): void {
  if (batch.accepted.has(key(lane.object, externalId))) return;
  batch.meetings.set(lane.object, (batch.meetings.get(lane.object) ?? 0) + 1);
}

/** Throws LaneStopped when this batch would pass the bound; else notes the count on the lane. */
export async function guardMeetings(batch: Batch): Promise<void> {
  for (const [object, more] of batch.meetings) {
    const before = batch.lanes.get(laneKey(batch.connection, object))?.row.firstMeetings ?? 0;
    if (before + more > WITHOUT_PREVIEW) throw new LaneStopped(object, "R26:preview_needed");
    await addMeetings(batch.tx, batch.connection, object, more);
  }
}
