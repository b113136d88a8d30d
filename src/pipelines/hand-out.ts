import { gateOut } from "../rules/gate.ts";
import { lastShown } from "../rules/owed.ts";
import { pick, theirsEmpty } from "../rules/unit-values.ts";
import { viewHold } from "../rules/view.ts";
import { endAttempts, loadAttempts } from "../store/attempts.ts";
import { remoteKey } from "../store/links.ts";
import { lockPulled, type Move, movePulled, type Pulled } from "../store/outbound.ts";
import type { Batch } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import { begin, type Draft, drawCreate, drawUpdate, imagesOf, isLinked, shutFor } from "./draft.ts";
import { guard } from "./guard.ts";
import { isStopped, laneKey } from "./world.ts";

export interface Handed {
  readonly delivery: number;
  readonly kind: "create" | "update" | "archive";
  readonly externalId?: string;
  readonly data: { readonly [remote: string]: unknown };
}

/**
 * How long the image of a withdrawn delivery is kept (rule R13): nobody knows when a remote that pulls applies what it
 * has taken, but one that has not within a week will hardly do so.
 */
export const PULLED_MS = 7 * 24 * 3_600_000;

/**
 * Hands out deliveries to a remote that pulls, one transaction: a new one is worked out from the newest state, its attempt
 * and image written ahead; an unacknowledged one goes out again as it was, after asking the gate (rule R21).
 *
 * The successor: one delivery of a record is open at a time, so newer state has no row while one is out. What is owed is
 * worked out when the receipt comes, in the transaction that settles it, and gets a new id then: above every id that the
 * remote has been given for the object, as it applies none below the last. A withdrawn delivery makes room at once.
 */
export async function handOut(
  deps: Deps,
  connection: string,
  found: readonly Pulled[],
): Promise<{ handed: Handed[]; due: Set<string> }> {
  return deps.db.sql.begin(async (tx) => {
    const handed: Handed[] = [];
    const moves: Move[] = [];
    const withdrawn: Move[] = [];
    const drafts: Draft[] = [];
    const batch = await decideBatch(deps, tx, connection, [], {
      alsoLinks: found.flatMap(({ object, externalId }) => (externalId === null ? [] : [{ object, externalId }])),
      alsoEntities: new Map(found.map((delivery) => [delivery.entityId, delivery.entity])),
      after: async (batch) => {
        const locked = [...(await lockPulled(tx, ids(found))).values()].filter(
          (delivery) =>
            delivery.ready && (delivery.state === "leased" || delivery.state === "due") && !waits(batch, delivery),
        );
        const attempts = await loadAttempts(
          tx,
          locked.flatMap((delivery) => delivery.attemptId ?? []),
        );
        const images = await imagesOf(batch, locked);
        for (const delivery of locked) {
          if (delivery.body === null) {
            const drawn =
              shutFor(batch, delivery) ??
              (delivery.externalId === null
                ? drawCreate(batch, delivery)
                : drawUpdate(batch, delivery, delivery.externalId, images, null));
            if (drawn.kind === "end") {
              moves.push({
                id: delivery.id,
                state: endState(drawn.state),
                reason: drawn.reason,
                withheld: drawn.withheld,
              });
              continue;
            }
            const { draft } = drawn;
            const kind = delivery.externalId === null ? "create" : "update";
            drafts.push({ ...draft, delivery: { ...delivery, kind, fence: delivery.fence + 1 } });
            const withheld = Object.keys(draft.withheld).length === 0 ? undefined : draft.withheld;
            moves.push({ id: delivery.id, state: "leased", body: draft.body, handed: true, kind, withheld });
            handed.push(toHanded({ ...delivery, kind }, draft.body));
            continue;
          }
          const versions = attempts.get(delivery.attemptId ?? -1)?.versions ?? {};
          const why = forbids(batch, delivery, Object.keys(versions));
          if (why === undefined) {
            moves.push({ id: delivery.id, state: "leased", handed: true });
            handed.push(toHanded(delivery, delivery.body));
          } else if (delivery.kind === "create" && why !== "linked_meanwhile") {
            // It may have been applied: another create under a new id could double the object (promise 6). It stays out,
            // is not handed out while the gate is shut, and goes on as it was when the gate opens.
            moves.push({ id: delivery.id, state: "leased", reason: why });
          } else {
            withdraw(batch, delivery);
            withdrawn.push({ id: delivery.id, state: "withdrawn", reason: why });
          }
        }
        // Before anything is marked due: the successor takes the place of the withdrawn one.
        await movePulled(tx, withdrawn);
        const gone = new Set(withdrawn.map((move) => move.id));
        const lost = locked.flatMap(({ id, attemptId }) => (gone.has(id) && attemptId !== null ? [attemptId] : []));
        await endAttempts(
          tx,
          lost.map((id) => ({ id, state: "uncertain", error: "withdrawn" })),
        );
        await begin(batch, drafts);
      },
    });
    await movePulled(tx, moves);
    await guard(batch);
    handed.sort((a, b) => a.delivery - b.delivery);
    return { handed, due: new Set(batch.due.map((due) => due.connection)) };
  });
}

/** Stopped by a guard meanwhile: a stopped lane hands out nothing, and withdraws nothing. */
const waits = (batch: Batch, delivery: Pulled): boolean => {
  const lane = batch.lanes.get(laneKey(delivery.connection, delivery.object));
  return lane !== undefined && isStopped(lane, delivery);
};

const ids = (deliveries: readonly Pulled[]): number[] => deliveries.map((delivery) => delivery.id);

/** Of the ways in which a delivery ends without being handed out, `uncertain` is none. */
const endState = (state: string): Move["state"] => {
  if (state === "withheld" || state === "withdrawn" || state === "settled" || state === "rejected") return state;
  return "due";
};

const toHanded = (delivery: Pulled, data: Handed["data"]): Handed => ({
  delivery: delivery.id,
  kind: delivery.kind,
  ...(delivery.externalId === null || delivery.kind === "create" ? {} : { externalId: delivery.externalId }),
  data,
});

/** The gate, asked again for every unit that the body carries (rule R14); a unit that is held goes nowhere (rule R16). */
function forbids(batch: Batch, delivery: Pulled, units: readonly string[]): string | undefined {
  const shut = shutFor(batch, delivery);
  if (shut?.kind === "end") return shut.reason ?? shut.state;
  const lane = batch.lanes.get(laneKey(delivery.connection, delivery.object));
  const mapping = batch.deps.mappingOf(delivery.connection, delivery.object);
  const entity = batch.entities.get(delivery.entityId)?.entity;
  if (lane === undefined || mapping === undefined || entity === undefined) return "not_configured";
  const slot = batch.links.get(remoteKey(delivery.object, delivery.externalId ?? ""));
  if (delivery.kind === "create") {
    if (isLinked(batch, delivery)) return "linked_meanwhile";
  } else {
    if (slot?.link.state !== "linked" || slot.link.entityId !== delivery.entityId) return "not_linked";
  }
  for (const unit of units) {
    const mapped = mapping.unitByName.get(unit);
    if (mapped === undefined || mapped.direction === "in") return "direction";
    const { view } = mapped;
    const owner = view === undefined ? entity : primaryOf(batch, entity.id)?.entity;
    if (owner === undefined) return "no_primary_contact";
    const hold =
      view === undefined
        ? (entity.holds[unit] ?? entity.holds[`${unit}@${lane.connection}`])
        : (entity.holds[viewHold] ?? owner.holds[view]);
    if (hold !== undefined) return "held";
    const isEmpty = slot === undefined || theirsEmpty(mapped, pick(mapped.keys, lastShown(slot.link)));
    const gate = gateOut({ ...owner, state: entity.state }, view ?? unit, lane, isEmpty, batch.now);
    if (!gate.allowed) return gate.reason;
  }
  return undefined;
}

/** Not handed out again; what it sent may still arrive, so its image outlives it (rule R13). */
function withdraw(batch: Batch, delivery: Pulled): void {
  batch.look.add(delivery.entityId);
  const slot = batch.links.get(remoteKey(delivery.object, delivery.externalId ?? ""));
  if (slot === undefined) return;
  const { link } = slot;
  slot.link = {
    ...link,
    images: link.images.map((image) =>
      image.attempt === delivery.attemptId ? { ...image, until: batch.now + PULLED_MS, settled: true as const } : image,
    ),
    inFlight: false,
    writeCount: link.writeCount + 1,
  };
  slot.dirty = true;
}
