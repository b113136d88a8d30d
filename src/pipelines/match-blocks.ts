import { soundsToShare } from "../danish/match.ts";
import { evidenceOf, type MatchFacts } from "../danish/match-evidence.ts";
import { blockKeys } from "../danish/match-keys.ts";
import type { Values } from "../model/catalogue.ts";
import type { HistoryEntry } from "../store/history.ts";
import type { BlockQuery, BlockWrite, HouseQuery } from "../store/match-blocks.ts";
import { readFacts } from "./match-facts.ts";

const HOUSE = "house:";
const SOUND = "sound:";
/** Fields that the stored keys are made of; the house is a part of `match_key`. */
const FIELDS = ["firmanavn", "postnr", "landekode", "cvrNr", "telefon", "emailDomaener"] as const;

/** 31 bits of FNV-1a, and in the last one whether there is a valid CVR number: who has one never means another one's. */
function blockOf(key: string, hasCvr: boolean): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash & ~1) | (hasCvr ? 1 : 0);
}

/** The keys that the store keeps of a record. */
export function storedBlocks(facts: MatchFacts): number[] {
  const hasCvr = evidenceOf(facts).cvr !== null;
  const keys = blockKeys(facts).filter((key) => !key.startsWith(HOUSE));
  return [...new Set(keys.map((key) => blockOf(key, hasCvr)))];
}

/** What is looked for on behalf of the n-th stranger. */
export function blockQueries(facts: MatchFacts, n: number): { keys: BlockQuery[]; houses: HouseQuery[] } {
  const { cvr, sounds } = evidenceOf(facts);
  const keys: BlockQuery[] = [];
  const houses: HouseQuery[] = [];
  for (const key of blockKeys(facts)) {
    if (key.startsWith(HOUSE)) {
      houses.push({ n, house: key.slice(HOUSE.length), withoutCvr: cvr !== null });
      continue;
    }
    const weight = key.startsWith(SOUND) && soundsToShare(sounds.length) === 2 ? 1 : 2;
    keys.push({ n, key: blockOf(key, false), weight });
    if (cvr === null) keys.push({ n, key: blockOf(key, true), weight });
  }
  return { keys, houses };
}

/** What of the stored keys a batch has changed; records of which nothing counts for them are left out. */
export function changedBlocks(
  history: readonly HistoryEntry[],
  valuesOf: (id: string) => Values | undefined,
): BlockWrite[] {
  const before = new Map<string, Values>();
  for (const { entity, entityId, fields } of history) {
    if (entity !== "kundeemne") continue;
    for (const field of FIELDS) {
      const change = fields[field];
      if (change === undefined) continue;
      const old = before.get(entityId) ?? {};
      before.set(entityId, old);
      // Of several versions in one batch the first one says what stood in the store.
      if (old[field] === undefined) old[field] = change[0];
    }
  }
  const writes: BlockWrite[] = [];
  for (const [id, old] of before) {
    const values = valuesOf(id);
    if (values === undefined) continue;
    const now: Values = {};
    for (const field of FIELDS) now[field] = values[field] ?? null;
    const [was, is] = [storedBlocks(readFacts({ ...now, ...old })), storedBlocks(readFacts(now))];
    const write = { id, drop: was.filter((key) => !is.includes(key)), put: is.filter((key) => !was.includes(key)) };
    if (write.drop.length > 0 || write.put.length > 0) writes.push(write);
  }
  return writes;
}
