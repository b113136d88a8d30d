import { contentHash } from "../lib/hash.ts";
import type { CompiledMapping, RemoteImage } from "../mappings/mapping.ts";
import type { StoredLink } from "../store/links.ts";
import type { Pulled } from "../store/outbound.ts";
import type { Incoming } from "./batch.ts";

/**
 * How a receipt that says `done` is judged (rule R21). The delivery is one change of the object: a counter one above the
 * newest that we know is the answer to it, a higher one a later read, a lower one older than what was pushed meanwhile.
 */
export function howToRead(
  link: StoredLink | undefined,
  counter: number | undefined,
  beganAt: number,
  delivery: number,
  acknowledged: number | null,
): "none" | "answer" | "read" | "sent_only" {
  if (link === undefined) return "answer";
  // A push that came after the delivery was handed out, and was decided.
  const told = link.decidedReceivedAt !== null && link.decidedReceivedAt > beganAt;
  if (counter !== undefined && link.counter !== null) {
    if (counter < link.counter || (counter === link.counter && told)) return "none";
    return counter <= link.counter + 1 ? "answer" : "read";
  }
  if (acknowledged !== null && acknowledged > delivery) return "none";
  // Nothing tells whether its image is older than the push: only that what was sent arrived.
  return told && link.counter !== null ? "sent_only" : "answer";
}

/** The fields that were sent, as the object shows them once they are applied; nothing else of it is known. */
export function asSent(
  mapping: CompiledMapping,
  externalId: string,
  delivery: Pulled,
  shown: RemoteImage,
  versions: { readonly [unit: string]: number },
): RemoteImage {
  const whole = { ...shown, ...delivery.body };
  const fields = Object.keys(versions).flatMap((unit) => mapping.unitByName.get(unit)?.remote ?? []);
  if (mapping.parent !== undefined) fields.push(mapping.parent.remote);
  const known = fields.filter((field) => whole[field] !== undefined).map((field) => [field, whole[field]] as const);
  return { ...Object.fromEntries(known), [mapping.key]: externalId };
}

export const receiptReading = (
  delivery: Pulled,
  externalId: string,
  body: RemoteImage,
  whole: boolean,
  counter: number | undefined,
  beganAt: number,
  receivedAt: number,
): Incoming => ({
  object: delivery.object,
  externalId,
  changeId: null,
  runId: null,
  deleted: false,
  body: { ...body },
  hash: contentHash(body),
  // Without the object the counter says nothing yet: the push that carries it must still be read.
  counter: whole ? (counter ?? null) : null,
  lastDelivery: null,
  remoteVersion: null,
  changedAt: null,
  beganAt,
  receivedAt,
  writeCount: null,
  whole,
  pushed: true,
  confirmed: true,
  certain: true,
});

/**
 * A system that pulls has no lock: what is typed there from the hand-out on, and is not told before the delivery is
 * applied, is overwritten unseen. Its window reaches to the receipt at the longest (rules R20, R21).
 */
export const windowsOf = (
  plans: readonly {
    readonly receipt: { readonly outcome: string };
    readonly delivery: Pulled;
    readonly attempt: { readonly beganAt: number } | undefined;
    /** It is still out. */
    readonly out: boolean;
  }[],
  now: number,
): number[] =>
  plans.flatMap(({ receipt, delivery, attempt, out }) =>
    receipt.outcome === "done" && out && delivery.kind === "update" && attempt !== undefined
      ? [Math.max(0, now - attempt.beganAt)]
      : [],
  );
