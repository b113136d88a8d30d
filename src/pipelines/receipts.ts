import type { RemoteImage } from "../mappings/mapping.ts";
import type { EntityKind, Values } from "../model/catalogue.ts";
import { versionOf } from "../rules/unit-case.ts";
import { type AttemptEnd, endAttempts, loadAttempts } from "../store/attempts.ts";
import { readNow } from "../store/clock.ts";
import { recordWindows } from "../store/connections.ts";
import type { Tx } from "../store/database.ts";
import { type Due, loadDelivered, markDue } from "../store/deliveries.ts";
import { loadImages, lockLinks, remoteKey, type StoredLink } from "../store/links.ts";
import { findPulled, type Move, movePulled, type Pulled } from "../store/outbound.ts";
import { alert, closeReviews, findOpenFor } from "../store/reviews.ts";
import type { Answered } from "./answers.ts";
import { type Batch, type Incoming, iso } from "./batch.ts";
import { tellRejected } from "./classify.ts";
import { primaryOf } from "./contacts.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import { countOnly } from "./guard.ts";
import { ingestFirst } from "./ingest.ts";
import { linkOwes } from "./owing.ts";
import { endFlight, shownOf } from "./receipt-flight.ts";
import { asSent, howToRead, receiptReading, windowsOf } from "./receipt-reading.ts";
import { laneKey } from "./world.ts";

/** What a remote that pulls says of a delivery. */
export interface Receipt {
  readonly delivery: number;
  readonly outcome: "done" | "rejected" | "retry";
  /** Required for a create that was done. */
  readonly externalId?: string;
  /** Of the object, as it was when the delivery was applied. */
  readonly counter?: number;
  /** The object as it was when the delivery was applied. */
  readonly image?: RemoteImage;
  readonly reason?: string;
}

export interface Receipts {
  readonly accepted: number;
  readonly refused: { readonly index: number; readonly code: string; readonly detail: string }[];
}

interface Given {
  readonly index: number;
  readonly receipt: Receipt;
  readonly delivery: Pulled;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15 * 60_000;
const REASON_KEPT = 1_000;

export async function takeReceipts(
  deps: Deps,
  at: { readonly connection: string; readonly object?: string },
  receipts: readonly Receipt[],
): Promise<Receipts> {
  const refused: { index: number; code: string; detail: string }[] = [];
  const ids = receipts.map((receipt) => receipt.delivery);
  const asked = await findPulled(deps.db.sql, at.connection, ids);
  await ingestFirst(
    deps,
    at.connection,
    asked.flatMap((each) => each.externalId ?? []),
  );
  const known = new Map(asked.map((each) => [each.id, each]));
  const given: Given[] = [];
  for (const [index, receipt] of receipts.entries()) {
    const delivery = known.get(receipt.delivery);
    const fault = faultOf(receipt, delivery, at.object);
    if (fault !== undefined || delivery === undefined) refused.push({ index, ...(fault ?? notFound) });
    else given.push({ index, receipt, delivery });
  }
  given.sort((a, b) => a.delivery.id - b.delivery.id || a.index - b.index);
  // One receipt of a record at a time: each is judged on what the one before has left.
  const rounds: Given[][] = [];
  const counted = new Map<string, number>();
  for (const each of given) {
    const key = `${each.delivery.object} ${each.delivery.entityId}`;
    const round = counted.get(key) ?? 0;
    counted.set(key, round + 1);
    rounds[round] = [...(rounds[round] ?? []), each];
  }
  const due = new Set<string>();
  for (const round of rounds) {
    const taken = await deps.db.sql.begin((tx) => takeRound(deps, tx, at.connection, round));
    refused.push(...taken.refused);
    for (const name of taken.due) due.add(name);
  }
  for (const name of due) if (name !== at.connection) await deps.queue.due("deliver", name);
  refused.sort((a, b) => a.index - b.index);
  return { accepted: receipts.length - refused.length, refused };
}

const notFound = { code: "not_found", detail: "There is no delivery with this id" };

function faultOf(
  receipt: Receipt,
  delivery: Pulled | undefined,
  object: string | undefined,
): { code: string; detail: string } | undefined {
  if (delivery === undefined || (object !== undefined && delivery.object !== object)) return notFound;
  if (delivery.body === null) return { code: "not_handed_out", detail: "This delivery was not handed out yet" };
  const { externalId } = receipt;
  if (receipt.outcome !== "done") return undefined;
  if (delivery.kind === "create" && externalId === undefined)
    return { code: "external_id_required", detail: "A create that was done names the id that the object was given" };
  if (delivery.kind !== "create" && externalId !== undefined && externalId !== delivery.externalId)
    return { code: "external_id_differs", detail: "This delivery is for an object with another id" };
  return undefined;
}

/** A receipt with all that its outcome needs. */
interface Plan extends Given {
  readonly externalId: string | null;
  readonly attempt: { sent: Answered["values"]; versions: Record<string, number>; beganAt: number } | undefined;
  /** It is still out: this receipt ends its flight. */
  readonly out: boolean;
  /** How what it shows is judged (rule R17); `none`: no reading at all. */
  readonly how: "none" | "answer" | "read";
  /** What the link showed of the units that were sent, before this receipt. */
  readonly before: Values;
  /** What it shows, whole; undefined: the receipt came without, and what was sent is taken for it. */
  readonly image: RemoteImage | undefined;
}

async function takeRound(
  deps: Deps,
  tx: Tx,
  connection: string,
  round: readonly Given[],
): Promise<{ refused: { index: number; code: string; detail: string }[]; due: Set<string> }> {
  const keys = round.flatMap(({ receipt, delivery }) => {
    const externalId = delivery.externalId ?? receipt.externalId;
    return externalId === undefined ? [] : [{ object: delivery.object, externalId }];
  });
  const links = await lockLinks(tx, connection, keys);
  // Whoever moves a delivery of a link holds the link: what is read now stays.
  const fresh = new Map(
    (
      await findPulled(
        tx,
        connection,
        round.map((each) => each.delivery.id),
      )
    ).map((each) => [each.id, each]),
  );
  const [attempts, delivered, stored, now] = await Promise.all([
    loadAttempts(
      tx,
      [...fresh.values()].flatMap((each) => each.attemptId ?? []),
    ),
    loadDelivered(
      tx,
      [...links.values()].map((link) => link.id),
    ),
    loadImages(
      tx,
      [...links.values()].map((link) => link.id),
    ),
    readNow(tx),
  ]);
  const refused: { index: number; code: string; detail: string }[] = [];
  const plans: Plan[] = [];
  const incomings: Incoming[] = [];
  const answers = new Map<string, Answered>();
  const tied = new Map<string, string>();
  const moves: Move[] = [];
  for (const { index, receipt, delivery: before } of round) {
    const delivery = fresh.get(before.id) ?? before;
    if (delivery.state === "settled") continue;
    const externalId = delivery.externalId ?? receipt.externalId ?? null;
    const link = externalId === null ? undefined : links.get(remoteKey(delivery.object, externalId));
    const mapping = deps.mappingOf(connection, delivery.object);
    const attempt = attempts.get(delivery.attemptId ?? -1);
    const out = delivery.state === "leased" || delivery.state === "due";
    if (receipt.outcome === "done" && isTaken(link, delivery)) {
      refused.push({ index, code: "external_id_taken", detail: "The object with this id stands for another record" });
      moves.push({ id: delivery.id, state: "rejected", reason: "external_id_taken" });
      const about = { delivery, externalId, versions: attempt?.versions ?? {} };
      await tellRejected(tx, iso(now), connection, about, { code: "external_id_taken" });
      continue;
    }
    let { image } = receipt;
    if (image !== undefined && mapping !== undefined) {
      const [fault] = mapping.readRemote(image).faults;
      if (fault !== undefined) {
        // The write arrived; what it shows cannot be read, and is told.
        await alert(tx, iso(now), {
          connection,
          object: delivery.object,
          externalId: externalId ?? undefined,
          reason: `receipt:${fault.code}`,
          detail: { field: fault.field, delivery: delivery.id },
        });
        image = undefined;
      }
    }
    const acknowledged = link === undefined ? null : (delivered.get(link.id)?.acknowledged ?? null);
    const judged =
      receipt.outcome === "done" && attempt !== undefined && mapping !== undefined && !isElsewhere(link, delivery)
        ? howToRead(link, receipt.counter, attempt.beganAt, delivery.id, acknowledged)
        : "none";
    const how = judged === "sent_only" ? "answer" : judged;
    if (judged === "sent_only") image = undefined;
    const shown = link === undefined || attempt === undefined ? {} : shownOf(link, mapping, attempt.versions);
    plans.push({ index, receipt, delivery, externalId, attempt, out, how, image, before: shown });
    if (how === "none" || attempt === undefined || mapping === undefined || externalId === null) continue;
    const body = image ?? asSent(mapping, externalId, delivery, stored.get(link?.id ?? "") ?? {}, attempt.versions);
    const key = remoteKey(delivery.object, externalId);
    incomings.push(
      receiptReading(delivery, externalId, body, image !== undefined, receipt.counter, attempt.beganAt, now),
    );
    answers.set(key, { values: attempt.sent, versions: attempt.versions, how, ends: out, arrived: true });
    if (link?.entityId !== delivery.entityId) tied.set(key, delivery.entityId);
  }
  const successors: Due[] = [];
  const batch = await decideBatch(deps, tx, connection, incomings, {
    answers,
    tied,
    alsoLinks: keys,
    alsoEntities: new Map<string, EntityKind>(plans.map(({ delivery }) => [delivery.entityId, delivery.entity])),
    after: async (batch) => {
      const settled: Move[] = [];
      const ends: AttemptEnd[] = [];
      for (const plan of plans) {
        const { receipt, delivery } = plan;
        const retry = receipt.outcome === "retry";
        if (!retry) endFlight(batch, plan, stored);
        if (delivery.attemptId !== null && !retry)
          ends.push({ id: delivery.attemptId, state: receipt.outcome === "done" ? "settled" : "rejected" });
        if (receipt.outcome === "done") {
          const slot = batch.links.get(remoteKey(delivery.object, plan.externalId ?? ""));
          settled.push({ id: delivery.id, state: "settled", linkId: slot?.link.id });
        } else if (plan.out && retry) {
          moves.push({ id: delivery.id, state: "due", reason: "retry", afterMs: waitMs(delivery.tries) });
        } else if (plan.out) {
          moves.push({ id: delivery.id, state: "rejected", reason: "refused_by_remote" });
          if (owesNewer(batch, plan)) successors.push(delivery);
        }
      }
      // Before anything is marked due: the successor gets an id above the one that was applied.
      await movePulled(tx, settled);
      await endAttempts(tx, ends);
      await closeMatchCases(batch, plans);
    },
  });
  await movePulled(tx, moves);
  await markDue(tx, successors);
  for (const { receipt, delivery, externalId, attempt, out } of plans) {
    if (receipt.outcome !== "rejected" || !out) continue;
    const about = { delivery, externalId, versions: attempt?.versions ?? {} };
    const said = receipt.reason === undefined ? {} : { said: receipt.reason.slice(0, REASON_KEPT) };
    await tellRejected(tx, iso(now), connection, about, { code: "refused_by_remote" }, said);
  }
  await countOnly(batch);
  await recordWindows(tx, connection, windowsOf(plans, now));
  return { refused, due: new Set(batch.due.map((due) => due.connection)) };
}

const waitMs = (tries: number): number =>
  Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(Math.max(tries - 1, 0), 12));

const isTaken = (link: StoredLink | undefined, delivery: Pulled): boolean =>
  delivery.kind === "create" && link !== undefined && link.entityId !== null && link.entityId !== delivery.entityId;

/** Unlinked, or gone, since the delivery was handed out: what it shows is nobody's any more. */
const isElsewhere = (link: StoredLink | undefined, delivery: Pulled): boolean =>
  delivery.kind !== "create" && (link?.state !== "linked" || link.entityId !== delivery.entityId);

/** Does the link owe something newer than what the remote has just refused? */
function owesNewer(batch: Batch, { delivery, externalId, attempt }: Plan): boolean {
  const slot = batch.links.get(remoteKey(delivery.object, externalId ?? ""));
  const entity = batch.entities.get(delivery.entityId);
  const lane = batch.lanes.get(laneKey(delivery.connection, delivery.object));
  const mapping = batch.deps.mappingOf(delivery.connection, delivery.object);
  if (slot === undefined || entity === undefined || lane === undefined || mapping === undefined) return false;
  const primary = mapping.hasView ? primaryOf(batch, entity.entity.id) : undefined;
  return linkOwes(entity, primary, slot.link, lane, mapping, batch.now).units.some((unit) => {
    const view = mapping.unitByName.get(unit)?.view;
    const now = view === undefined ? versionOf(entity.entity, unit) : primary && versionOf(primary.entity, view);
    return now !== attempt?.versions[unit];
  });
}

/** An object that was pushed before its receipt may wait in a match case: the receipt has answered it. */
async function closeMatchCases(batch: Batch, plans: readonly Plan[]): Promise<void> {
  for (const { delivery, externalId, receipt } of plans) {
    if (delivery.kind !== "create" || receipt.outcome !== "done" || externalId === null) continue;
    const { connection, object } = delivery;
    const open = await findOpenFor(batch.tx, connection, object, [externalId], ["match_case"]);
    const closings = open.map(({ id }) => ({ id, state: "closed" as const, decision: "receipt", by: "kobling" }));
    await closeReviews(batch.tx, iso(batch.now), closings);
  }
}
