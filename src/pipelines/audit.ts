import { createHash } from "node:crypto";
import {
  addSeal,
  checkLeaves,
  hashOfEntries,
  lastSeal,
  leavesAfter,
  lockSeals,
  readSeals,
  type Seal,
  sealEntries,
} from "../store/audit-seals.ts";
import { readNow } from "../store/clock.ts";
import { numberBatches } from "../store/feed.ts";
import type { Deps } from "./deps.ts";

const MOST_LEAVES = 20_000;
const MOST_ENTRIES = 20_000;
/** A request that has not ended by then is sealed as one whose end nobody knows. */
const OPEN_FOR_MS = 600_000;
const SEALS_A_PAGE = 20;
const FIRST = "0".repeat(64);

/**
 * Seals what has happened since the last seal: versions of records in the order of the feed, and requests that have ended.
 * Runs beside the work, so that nothing waits for the chain. Run it again: nothing new, no seal. Gives the newest number.
 */
export async function sealAudit(deps: Deps): Promise<number> {
  const { sql } = deps.db;
  await numberBatches(sql);
  for (;;) {
    const sealed = await sql.begin((tx) => sealOnce(deps, tx));
    if (!sealed.more) return sealed.number;
  }
}

async function sealOnce(deps: Deps, tx: Parameters<typeof lockSeals>[0]): Promise<{ number: number; more: boolean }> {
  await lockSeals(tx);
  const before = (await lastSeal(tx)) ?? { number: 0, hash: FIRST, lastFeed: 0 };
  const number = before.number + 1;
  const leaves = await leavesAfter(tx, before.lastFeed, MOST_LEAVES);
  const entries = await sealEntries(tx, number, MOST_ENTRIES, OPEN_FOR_MS);
  if (leaves === undefined && entries.entries === 0) return { number: before.number, more: false };
  const nothing = { batches: [], leaves: new Uint8Array(), lastFeed: before.lastFeed };
  const open = { number, at: new Date(await readNow(tx)).toISOString(), ...(leaves ?? nothing), ...entries };
  const hash = hashOf({ ...open, previous: before.hash });
  await addSeal(tx, { ...open, previous: before.hash, hash });
  deps.log.info("audit.sealed", { seal: number, hash, versions: open.leaves.length / 32, entries: entries.entries });
  return { number, more: leaves !== undefined || entries.entries === MOST_ENTRIES };
}

function hashOf(seal: Omit<Seal, "hash">): string {
  const { number, at, lastFeed, batches, entries, entriesHash, previous } = seal;
  const leaves = createHash("sha256").update(seal.leaves).digest("hex");
  const told = batches.map((batch) => [batch.id, batch.entries, batch.start]);
  return createHash("sha256")
    .update(JSON.stringify([number, at, lastFeed, told, leaves, entries, entriesHash, previous]))
    .digest("hex");
}

export interface AuditFault {
  readonly seal: number;
  /**
   * `missing` (a seal is not there), `chain` (it does not follow the one before), `seal` (it was changed), `entries` (requests
   * under it were changed), `version` (a row of history was changed), `versions_gone` (rows are gone before their time), `head`
   * (it is not the one that was noted).
   */
  readonly code: "missing" | "chain" | "seal" | "entries" | "version" | "versions_gone" | "head";
  readonly entityId?: string;
  readonly version?: number;
}

export interface AuditVerdict {
  readonly seals: number;
  readonly entries: number;
  readonly versions: number;
  /** Versions whose values were erased or have passed their time, and so cannot be checked any more. */
  readonly forgotten: number;
  readonly head: { readonly number: number; readonly hash: string } | null;
  readonly faults: readonly AuditFault[];
}

const MOST_FAULTS = 100;

/**
 * Walks the whole chain: every seal against the one before, every request and every version that is still kept against its
 * seal. What was erased, and what retention has dropped, is no fault. A head noted earlier shows that the end was not cut off.
 */
export async function verifyAudit(
  deps: Deps,
  noted?: { readonly number: number; readonly hash: string },
): Promise<AuditVerdict> {
  const { sql } = deps.db;
  const last = await sealAudit(deps);
  const oldest = (await readNow(sql)) - deps.config.retention.historyMs;
  const faults: AuditFault[] = [];
  const found = { entries: 0, versions: 0, forgotten: 0 };
  let [number, hash] = [0, FIRST];
  for (;;) {
    const seals = await readSeals(sql, number, SEALS_A_PAGE);
    for (const seal of seals) {
      if (seal.number !== number + 1) faults.push({ seal: number + 1, code: "missing" });
      else if (seal.previous !== hash) faults.push({ seal: seal.number, code: "chain" });
      if (hashOf(seal) !== seal.hash) faults.push({ seal: seal.number, code: "seal" });
      if ((await hashOfEntries(sql, seal.number)) !== seal.entriesHash)
        faults.push({ seal: seal.number, code: "entries" });
      if (noted?.number === seal.number && noted.hash !== seal.hash) faults.push({ seal: seal.number, code: "head" });
      const leaves = await checkLeaves(sql, seal);
      for (const each of leaves.changed) faults.push({ seal: seal.number, code: "version", ...each });
      const sealed = seal.leaves.length / 32;
      if (leaves.present < sealed && Date.parse(seal.at) > oldest)
        faults.push({ seal: seal.number, code: "versions_gone" });
      found.entries += seal.entries;
      found.versions += leaves.present;
      found.forgotten += leaves.forgotten;
      [number, hash] = [seal.number, seal.hash];
    }
    if (seals.length < SEALS_A_PAGE) break;
  }
  if (noted !== undefined && noted.number > number) faults.push({ seal: noted.number, code: "head" });
  if (number < last) faults.push({ seal: last, code: "missing" });
  const head = number === 0 ? null : { number, hash };
  return { seals: number, ...found, head, faults: faults.slice(0, MOST_FAULTS) };
}
