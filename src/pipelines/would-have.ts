import { type GuardKind, isInRange, nothing, plus, type Tally, type Touched, tally } from "../rules/guards.ts";
import { takeWaiting } from "../store/changes.ts";
import type { Tx } from "../store/database.ts";
import type { Delivery } from "../store/deliveries.ts";
import type { GuardKey } from "../store/guards.ts";
import { loadLanes } from "../store/lanes.ts";
import { waitingDeliveries } from "../store/stopped.ts";
import type { Batch } from "./batch.ts";
import { decideBatch } from "./decide-batch.ts";
import type { Deps } from "./deps.ts";
import { countSent, drawCreate, drawUpdate, imagesOf, shutFor } from "./draft.ts";
import { toIncoming } from "./incoming.ts";
import type { Counted } from "./lane-stopped.ts";
import { receiptedCreates } from "./receipted-creates.ts";

/** What waits behind a stopped lane would do, as far as it was looked at. */
export interface WouldHave {
  /** The newest change or delivery that was looked at; null: nothing waits. */
  readonly upTo: number | null;
  /** What waits and nobody has decided on. */
  readonly waiting: number;
  /** More waits than was looked at. */
  readonly more: boolean;
  readonly counts: Tally;
  readonly sample: readonly Sampled[];
}

/** Ids and field names, never values. */
export interface Sampled {
  readonly externalId: string | null;
  readonly entityId: string | null;
  readonly kinds: readonly GuardKind[];
  readonly fields: Touched;
}

const PAGE = 200;
const MOST_LOOKED_AT = 10_000;
const SAMPLED = 20;

export const sampleOf = (items: readonly Counted[]): Sampled[] =>
  items.slice(0, SAMPLED).map(({ externalId, entityId, kinds, fields }) => ({ externalId, entityId, kinds, fields }));

/** Thrown to leave a transaction without a trace. */
class Undone extends Error {}

/**
 * Decides what waits as if it went on, page by page in transactions that are rolled back; what a person has decided on
 * already is left out. Each page stands for itself, so objects that changed twice may count twice.
 */
export async function wouldHave(deps: Deps, key: GuardKey): Promise<WouldHave> {
  const { connection, object, direction } = key;
  const lanes = await loadLanes(deps.db.sql);
  const row = lanes.find((lane) => lane.connection === connection && lane.object === object);
  const decided = row?.ranges[direction] ?? [];
  let counts = nothing;
  let upTo: number | null = null;
  let seen = 0;
  let waiting = 0;
  const sample: Sampled[] = [];
  const page = direction === "in" ? pageIn : pageOut;
  while (seen < MOST_LOOKED_AT) {
    const looked = await page(deps, key, upTo ?? 0);
    if (looked === undefined) return { upTo, waiting, more: false, counts, sample };
    upTo = looked.last;
    seen += looked.waiting.length;
    const isOpen = (each: Named): boolean => !decided.some((range) => isInRange(range, each));
    waiting += looked.waiting.filter(isOpen).length;
    const items = looked.counted.filter(isOpen);
    counts = plus(counts, tally(items.map((item) => item.kinds)));
    sample.push(...sampleOf(items).slice(0, SAMPLED - sample.length));
  }
  return { upTo, waiting, more: true, counts, sample };
}

interface Named {
  readonly id: number | null;
  readonly externalId: string | null;
}

interface Looked {
  readonly last: number;
  readonly waiting: readonly Named[];
  readonly counted: readonly Counted[];
}

async function pageIn(deps: Deps, key: GuardKey, after: number): Promise<Looked | undefined> {
  const { connection, object } = key;
  const changes = await takeWaiting(deps.db.sql, connection, [object], after, PAGE);
  const last = changes.at(-1)?.id;
  if (last === undefined) return undefined;
  const queued = deps.connectorOf(connection).mode === "queue";
  const counted = await undone(deps, key, async (tx) => {
    const incomings = changes.map((change) => toIncoming(change, queued));
    return decideBatch(deps, tx, connection, incomings, await receiptedCreates(tx, connection, incomings));
  });
  return { last, waiting: changes, counted };
}

async function pageOut(deps: Deps, key: GuardKey, after: number): Promise<Looked | undefined> {
  const { connection, object } = key;
  const found = await waitingDeliveries(deps.db.sql, connection, object, after, PAGE);
  const last = found.at(-1)?.id;
  if (last === undefined) return undefined;
  const counted = await undone(deps, key, (tx) =>
    decideBatch(deps, tx, connection, [], {
      alsoLinks: found.flatMap(({ externalId }) => (externalId === null ? [] : [{ object, externalId }])),
      alsoEntities: new Map(found.map((delivery) => [delivery.entityId, delivery.entity])),
      after: (batch) => drawAll(batch, found),
    }),
  );
  return { last, waiting: found, counted };
}

async function drawAll(batch: Batch, found: readonly Delivery[]): Promise<void> {
  const images = await imagesOf(batch, found);
  for (const delivery of found) {
    const { externalId } = delivery;
    const drawn =
      shutFor(batch, delivery) ??
      (externalId === null ? drawCreate(batch, delivery) : drawUpdate(batch, delivery, externalId, images, null));
    if (drawn.kind === "send") countSent(batch, drawn.draft);
  }
}

/** What a batch counts for this direction of the lane; nothing of it stays. */
async function undone(deps: Deps, key: GuardKey, decide: (tx: Tx) => Promise<Batch>): Promise<readonly Counted[]> {
  let counted: readonly Counted[] = [];
  await deps.db.sql
    .begin(async (tx) => {
      counted = (await decide(tx)).counted.filter(
        (item) => item.object === key.object && item.direction === key.direction,
      );
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  return counted;
}
