import {
  asksForShare,
  count,
  type GuardKind,
  isInRange,
  isNothing,
  linkedThatMatter,
  nothing,
  plus,
  type Tally,
  takeBack,
  tally,
  tripOf,
  useGrant,
} from "../rules/guards.ts";
import { countLinked, type GuardKey, type GuardRow, lockGuards, writeGuards } from "../store/guards.ts";
import type { Batch } from "./batch.ts";
import { type Counted, Dismissed, LaneStopped } from "./lane-stopped.ts";

/**
 * Counts what the batch has done, and throws before it is committed when that is too much: LaneStopped where a guard
 * trips, Dismissed where a person has said no. The last act of its transaction: batches of one lane pass here one by one,
 * so that two at once do not both slip past a limit. Two statements, and none where nothing counts.
 */
export const guard = (batch: Batch): Promise<void> => passGuards(batch, true, []);

type Undone = GuardKey & { readonly kinds: readonly GuardKind[] };

/**
 * The same where what is counted has happened already, an answer by the remote: nothing is stopped by it, the next is.
 * `undone`: writes that were counted when they were drawn, and did not happen; they are taken back.
 */
export const countOnly = (batch: Batch, undone: readonly Undone[] = []): Promise<void> =>
  passGuards(
    batch,
    false,
    undone.filter((each) => each.kinds.length > 0),
  );

async function passGuards(batch: Batch, enforced: boolean, undone: readonly Undone[]): Promise<void> {
  if (batch.counted.length === 0 && undone.length === 0) return;
  const rows = await lockGuards(batch.tx, [...batch.counted, ...undone]);
  const written: GuardRow[] = [];
  for (const row of rows) {
    const items = batch.counted.filter((item) => isOf(item, row));
    const back = tally(undone.filter((each) => isOf(each, row)).map((each) => each.kinds));
    const free = enforced ? passRanges(row, items) : new Set<Counted>();
    written.push(await passWindow(batch, { ...row, counts: takeBack(row.counts, back) }, items, free, enforced));
  }
  await writeGuards(batch.tx, written);
}

const isOf = (item: GuardKey, { connection, object, direction }: GuardKey): boolean =>
  item.connection === connection && item.object === object && item.direction === direction;

/** What a person has said of what was stopped: gives what is approved. A no counts before a yes. */
function passRanges(row: GuardRow, items: readonly Counted[]): Set<Counted> {
  const dismissed = items.filter((item) => row.dismissed.some((range) => isInRange(range, item)));
  if (dismissed.length > 0) throw new Dismissed(dismissed.flatMap(({ id }) => id ?? []));
  return new Set(items.filter((item) => row.approved.some((range) => isInRange(range, item))));
}

async function passWindow(
  batch: Batch,
  row: GuardRow,
  items: readonly Counted[],
  free: ReadonlySet<Counted>,
  enforced: boolean,
): Promise<GuardRow> {
  const limits = batch.deps.config.guards;
  let more = byRun(items.filter((item) => !free.has(item)));
  let granted = row.granted;
  if (granted !== null) {
    const left = new Map<number, Tally>();
    for (const [run, wanted] of more) {
      const used = useGrant(granted, wanted);
      granted = used.left;
      left.set(run, used.rest);
    }
    more = left;
  }
  if (enforced) {
    const now = [...more.values()].reduce(plus, nothing);
    // The linked objects are counted only where a share may matter: without them no share can be exceeded.
    const asks = asksForShare(limits, plus(sumOf(row), now));
    const linked = asks
      ? await countLinked(batch.tx, row.connection, row.object, linkedThatMatter(limits))
      : Number.MAX_SAFE_INTEGER;
    const trip = tripOf(limits, row.counts, batch.now, more, linked);
    if (trip !== undefined)
      throw new LaneStopped(row.object, `R30:${trip.kind}`, { direction: row.direction, trip, items });
  }
  let counts = row.counts;
  for (const [run, each] of more) if (!isNothing(each)) counts = count(counts, batch.now, run, each);
  return { ...row, counts, granted };
}

const sumOf = (row: GuardRow): Tally => row.counts.reduce((sum, bucket) => plus(sum, tallyIn(bucket)), nothing);
const tallyIn = ([, , deletes = 0, clears = 0, overwrites = 0, creates = 0]: GuardRow["counts"][number]): Tally => ({
  deletes,
  clears,
  overwrites,
  creates,
});

function byRun(items: readonly Counted[]): Map<number, Tally> {
  const runs = new Map<number, (readonly GuardKind[])[]>();
  for (const { runId, kinds } of items) {
    const known = runs.get(runId ?? 0);
    if (known === undefined) runs.set(runId ?? 0, [kinds]);
    else known.push(kinds);
  }
  return new Map([...runs].map(([run, each]) => [run, tally(each)]));
}
