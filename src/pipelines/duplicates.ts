import { chooseMatch, matchTier, type Tier } from "../danish/match.ts";
import { evidenceOf, type MatchFacts } from "../danish/match-evidence.ts";
import { matchKeys, nameAndHouse } from "../danish/match-keys.ts";
import { RejectedError } from "../lib/errors.ts";
import { readNow } from "../store/clock.ts";
import type { Tx } from "../store/database.ts";
import { loadDistinct } from "../store/distinct-pairs.ts";
import {
  type DuplicateSearch,
  isSearchDue,
  listSearches,
  lockSearch,
  nextChanged,
  noteSearched,
  openSearch,
  waitingDuplicates,
} from "../store/duplicate-searches.ts";
import { loadMatchRows, type MatchRow, mendMatchKeys, missingBlocks, writeBlocks } from "../store/match-blocks.ts";
import { type NewReview, openReviews } from "../store/reviews.ts";
import { iso } from "./batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { storedBlocks } from "./match-blocks.ts";
import { factsOf } from "./match-facts.ts";
import { findByKeys } from "./matching.ts";

const DAY_MS = 86_400_000;
const BATCH_SIZE = 300;
/** A person can compare so many with one another. */
const MOST_CANDIDATES = 10;
const KEY = "kobling";

/**
 * Orders a search for records that may be one company (rule R28): of all, or of those that have changed since the last
 * search began. While one is open it is that one, also where another was wished for.
 */
export async function startDuplicateSearch(
  deps: Deps,
  { all, by }: { readonly all: boolean; readonly by: Actor },
): Promise<DuplicateSearch> {
  const { sql } = deps.db;
  const search = (await openSearch(sql, { all, by: by.name })) ?? (await listSearches(sql, 1))[0];
  if (search === undefined) throw new RejectedError("busy", "Another search has just ended; order it once more");
  await deps.queue.due("duplicates", KEY);
  return search;
}

/**
 * Carries out the open search, batch by batch; once a day one is opened by itself. Each batch is a transaction with the place
 * that it has reached, so it goes on where a worker has died, and two workers take turns.
 */
export async function workDuplicateSearch(deps: Deps, batchSize = BATCH_SIZE): Promise<void> {
  const { sql } = deps.db;
  if (await isSearchDue(sql, DAY_MS)) await openSearch(sql, { all: false, by: "kobling" });
  for (;;) {
    const more = await sql.begin(async (tx) => searchNext(deps, tx, batchSize));
    if (!more) return;
  }
}

async function searchNext(deps: Deps, tx: Tx, limit: number): Promise<boolean> {
  const search = await lockSearch(tx);
  if (search === undefined) return false;
  const places = await nextChanged(tx, search.after, search.until, limit);
  const ids = places.map(({ id }) => id);
  await mendKeys(tx, ids);
  const cases = await findCases(tx, ids);
  await openReviews(tx, iso(await readNow(tx)), cases);
  const ended = places.length < limit;
  await noteSearched(tx, search.id, { last: places.at(-1), looked: ids.length, opened: cases.length, ended });
  if (ended) deps.log.info("duplicates.searched", { searchId: search.id });
  return !ended;
}

/** Keys of records that were written before there were such keys, or by an older way of making them. */
async function mendKeys(tx: Tx, ids: readonly string[]): Promise<void> {
  const keysOf = (rows: readonly MatchRow[]) =>
    rows.flatMap(({ id, values }) => storedBlocks(factsOf(values)).map((key) => ({ id, key })));
  const rows = await loadMatchRows(tx, ids);
  const missing = await missingBlocks(tx, keysOf(rows));
  const old = rows.filter(({ id, values, matchKey }) => missing.has(id) || matchKeyOf(values) !== matchKey);
  // Read once more under a lock: what an edit writes meanwhile must not be undone.
  const locked = await loadMatchRows(
    tx,
    old.map(({ id }) => id),
    true,
  );
  await writeBlocks(
    tx,
    locked.map(({ id, values }) => ({ id, drop: [], put: storedBlocks(factsOf(values)) })),
  );
  const wrong = locked.filter(({ values, matchKey }) => matchKeyOf(values) !== matchKey);
  await mendMatchKeys(
    tx,
    wrong.map(({ id, values }) => ({ id, key: matchKeyOf(values) })),
  );
}

const matchKeyOf = (values: MatchRow["values"]): string | null => nameAndHouse(evidenceOf(factsOf(values)));

/** A case for each record that may be one with others, unless a person has said no, or is asked already. */
async function findCases(tx: Tx, ids: readonly string[]): Promise<NewReview[]> {
  const records = (await loadMatchRows(tx, ids)).filter(({ isActive }) => isActive);
  const near = await findNear(tx, records);
  const apart = await loadDistinct(tx, ids);
  const found: { readonly id: string; readonly others: readonly string[]; readonly tier: Tier }[] = [];
  for (const { id, values } of records) {
    const facts = factsOf(values);
    const others = (near.get(id) ?? []).filter((other) => apart.get(id)?.has(other.id) !== true);
    const choice = chooseMatch(
      facts,
      others.flatMap((other) => {
        const hit = matchTier(facts, factsOf(other.values));
        // Branches are records of their own, and two CVR numbers are never merged, whatever a directory says.
        const isNobody = hit === null || hit.reason === "cvr_other_unit" || hit.action === "conflict";
        return isNobody ? [] : [{ id: other.id, facts: factsOf(other.values) }];
      }),
    );
    if (choice.kind === "one") found.push({ id, others: [choice.id], tier: choice.tier });
    // Merged is all that a case names: who is less sure waits for a case of its own.
    if (choice.kind === "several") found.push({ id, others: surest(facts, choice.ids, others), tier: choice.tier });
  }
  if (found.length === 0) return [];
  // Nobody merges or erases one of them before the case stands: then it would name a record that is gone.
  const involved = found.flatMap(({ id, others }) => [id, ...others]);
  const still = new Set(
    (await loadMatchRows(tx, involved, true)).flatMap(({ id, isActive }) => (isActive ? [id] : [])),
  );
  const waiting = await waitingDuplicates(
    tx,
    found.map(({ id }) => id),
  );
  const cases: NewReview[] = [];
  for (const { id, others, tier } of found) {
    const isAsked = (other: string): boolean => waiting.some((each) => each.includes(id) && each.includes(other));
    const open = others.filter((other) => still.has(other) && !isAsked(other));
    if (open.length === 0 || !still.has(id)) continue;
    const candidates = [...open, id];
    waiting.push(candidates);
    const about = { entity: "kundeemne", entityId: id } as const;
    cases.push({ kind: "duplicate", ...about, reason: "R28:found_duplicate", detail: { candidates, tier } });
  }
  return cases;
}

/** Of those that a record may be one with, best first, the ones with as good evidence as the best. */
function surest(facts: MatchFacts, ids: readonly string[], others: readonly MatchRow[]): string[] {
  const tiers = new Map(others.map(({ id, values }) => [id, matchTier(facts, factsOf(values))?.tier]));
  const best = tiers.get(ids[0] ?? "");
  return ids.filter((id) => tiers.get(id) === best).slice(0, MOST_CANDIDATES - 1);
}

/** For each record, those that share a key with it. */
async function findNear(tx: Tx, records: readonly MatchRow[]): Promise<Map<string, MatchRow[]>> {
  const { sure, maybe } = await findByKeys(
    tx,
    records.map(({ values }) => factsOf(values)),
  );
  const near = new Map<string, MatchRow[]>();
  const add = (id: string | undefined, other: MatchRow): void => {
    if (id === undefined || id === other.id || near.get(id)?.some((each) => each.id === other.id) === true) return;
    near.set(id, [...(near.get(id) ?? []), other]);
  };
  for (const { n, ...other } of maybe) add(records[n]?.id, other);
  // A sure look-up does not say on whose behalf it found somebody: of equal keys it was.
  const byKey = new Map<string, string[]>();
  for (const { id, values } of records)
    for (const key of matchKeys(factsOf(values))) byKey.set(key, [...(byKey.get(key) ?? []), id]);
  for (const other of await loadMatchRows(tx, sure))
    for (const key of matchKeys(factsOf(other.values))) for (const id of byKey.get(key) ?? []) add(id, other);
  return near;
}
