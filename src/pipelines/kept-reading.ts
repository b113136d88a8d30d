import { contentHash } from "../lib/hash.ts";
import type { StoredLink } from "../store/links.ts";
import type { Incoming } from "./batch.ts";

/**
 * What a remote object showed at its last reading, as a reading to be decided: a person has said what it stands for. Null:
 * the object is not kept, or what we have written to it since stands elsewhere.
 */
export const keptReading = (link: StoredLink, image: Record<string, unknown> | null, now: number): Incoming => ({
  object: link.object,
  externalId: link.externalId,
  changeId: link.newestChangeId,
  runId: null,
  deleted: false,
  body: image,
  kept: true,
  hash: contentHash(image),
  counter: link.counter,
  lastDelivery: null,
  remoteVersion: link.remoteVersion,
  changedAt: null,
  beganAt: link.decidedBeganAt ?? now,
  receivedAt: link.decidedReceivedAt ?? now,
  writeCount: null,
  whole: true,
  pushed: false,
  confirmed: true,
  certain: true,
});
