import { contentHash } from "../lib/hash.ts";
import type { Tx } from "../store/database.ts";
import { loadImages, type StoredLink } from "../store/links.ts";
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

/** What these objects last showed, by connection; what is not kept any more is left out. */
export async function keptReadings(
  tx: Tx,
  links: readonly StoredLink[],
  now: number,
): Promise<Map<string, Incoming[]>> {
  const images = await loadImages(
    tx,
    links.map((link) => link.id),
  );
  const readings = links.flatMap((link) => {
    const image = images.get(link.id);
    return image === undefined ? [] : [{ connection: link.connection, reading: keptReading(link, image, now) }];
  });
  return new Map(
    [...Map.groupBy(readings, ({ connection }) => connection)].map(([name, each]) => [
      name,
      each.map(({ reading }) => reading),
    ]),
  );
}
