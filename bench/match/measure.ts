import { v7 } from "uuid";
import type { Values } from "../../src/model/catalogue.ts";
import { slotOf } from "../../src/pipelines/batch.ts";
import { storedBlocks } from "../../src/pipelines/match-blocks.ts";
import { factsOf } from "../../src/pipelines/match-facts.ts";
import { candidatesFor, findByKeys, indexOf, type Match, searchKeys } from "../../src/pipelines/matching.ts";
import { noState } from "../../src/rules/record.ts";
import type { Sql } from "../../src/store/database.ts";
import { loadEntities, upsertEntities } from "../../src/store/entities.ts";
import { writeBlocks } from "../../src/store/match-blocks.ts";
import type { Population } from "./population.ts";

const BATCH = 500;

/** Writes the known companies as the gateway writes records, with their keys. Gives their ids, in order. */
export async function writeKnown(sql: Sql, known: Population["known"]): Promise<string[]> {
  const ids = known.map(() => v7());
  const at = new Date(0).toISOString();
  for (let from = 0; from < known.length; from += BATCH) {
    const batch = known.slice(from, from + BATCH).map((company, n) => {
      const id = ids[from + n] ?? "";
      const values = { ...company } as Values; // made of fields of the catalogue
      const provenance = { s: [], u: {} };
      const entity = { kind: "kundeemne", id, version: 1, values, provenance, policies: [], holds: {} } as const;
      return { entity: { ...entity, state: noState, parentId: null }, createdAt: at, updatedAt: at };
    });
    await sql.begin(async (tx) => {
      const writes = batch.map((each) => ({ ...each, keys: searchKeys(each.entity.values) }));
      await upsertEntities(tx, "kundeemne", writes);
      await writeBlocks(
        tx,
        batch.map(({ entity }) => ({ id: entity.id, drop: [], put: storedBlocks(factsOf(entity.values)) })),
      );
    });
  }
  await sql.unsafe("vacuum analyze kundeemner, match_blocks");
  return ids;
}

export interface Matched {
  readonly matches: readonly Match[];
  /** Arrivals a second: found, loaded, judged. */
  readonly ratePerSecond: number;
  /** The same with nothing but the look-ups by keys. */
  readonly bareRatePerSecond: number;
}

/** Matches what comes in, batch by batch as the gateway does; nothing is written. */
export async function matchAll(sql: Sql, arrivals: Population["arrivals"]): Promise<Matched> {
  const matches: Match[] = [];
  const strangers = arrivals.map(({ company }) => ({ values: { ...company } as Values, number: undefined })); // as above
  const batches = Array.from({ length: Math.ceil(strangers.length / BATCH) }, (_, n) =>
    strangers.slice(n * BATCH, (n + 1) * BATCH),
  );
  const bareSeconds = await timed(async () => {
    for (const batch of batches)
      await findByKeys(
        sql,
        batch.map(({ values }) => factsOf({ ...values })),
      );
  });
  const seconds = await timed(async () => {
    for (const batch of batches) {
      const found = await loadEntities(sql, "kundeemne", await candidatesFor(sql, batch));
      const index = indexOf([...found.values()].map(slotOf));
      for (const stranger of batch) matches.push(index.find(stranger, new Set()));
    }
  });
  const rate = (took: number): number => Math.round(arrivals.length / took);
  return { matches, ratePerSecond: rate(seconds), bareRatePerSecond: rate(bareSeconds) };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
