import type { CompiledMapping, RemoteImage } from "../mappings/mapping.ts";
import type { Values } from "../model/catalogue.ts";
import { lastShown } from "../rules/owed.ts";
import { pick } from "../rules/unit-values.ts";
import { remoteKey, type StoredLink } from "../store/links.ts";
import type { Pulled } from "../store/outbound.ts";
import type { Batch } from "./batch.ts";
import { PULLED_MS } from "./hand-out.ts";

/** What a receipt says of a delivery that was on its way. */
interface Flight {
  readonly delivery: Pulled;
  readonly externalId: string | null;
  readonly attempt: { readonly sent: Values; readonly versions: { readonly [unit: string]: number } } | undefined;
  readonly out: boolean;
  readonly how: "none" | "answer" | "read";
  readonly before: Values;
  readonly image: RemoteImage | undefined;
}

/** The attempt is over: its image goes; a receipt without one leaves the link with what was sent in its image. */
export function endFlight(batch: Batch, plan: Flight, stored: ReadonlyMap<string, RemoteImage>): void {
  const { delivery, externalId } = plan;
  const slot = externalId === null ? undefined : batch.links.get(remoteKey(delivery.object, externalId));
  if (slot === undefined) return;
  const judged = plan.how !== "none";
  const { link } = slot;
  const images = link.images.filter((image) => image.attempt !== delivery.attemptId);
  const { attempt, before } = plan;
  // Nobody said whether what was pushed by now is from before the write or from after it (rule R21).
  if (judged && plan.image === undefined && attempt !== undefined && delivery.kind === "update") {
    const { sent: values, versions } = attempt;
    const until = batch.now + PULLED_MS;
    images.push({ attempt: delivery.attemptId ?? 0, values, versions, until, settled: true, before });
  }
  slot.link = { ...link, images };
  if (!judged && plan.out) slot.link = { ...slot.link, inFlight: false, writeCount: link.writeCount + 1 };
  if (judged && plan.image === undefined) {
    slot.image = { ...stored.get(link.id), ...delivery.body };
    slot.imageOf = null;
    // What the whole object is now was not told: the next push is read, whatever it equals.
    slot.link = { ...slot.link, newestHash: null };
  }
  slot.dirty = true;
}

/** What a link last showed of these units. */
export function shownOf(
  link: StoredLink,
  mapping: CompiledMapping | undefined,
  versions: { readonly [unit: string]: number },
): Values {
  const keys = Object.keys(versions).flatMap((unit) => mapping?.unitByName.get(unit)?.keys ?? []);
  return pick(keys, lastShown(link));
}
