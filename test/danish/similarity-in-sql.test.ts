import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { nameKey } from "../../src/danish/company-name.ts";
import { trigramSimilarity, trigramsOf } from "../../src/danish/name-similarity.ts";
import type { Database } from "../../src/store/database.ts";
import { createTestDatabase } from "../support/database.ts";

let database: Database;
beforeAll(async () => {
  database = await createTestDatabase({ max: 1 });
  await database.sql`create extension if not exists pg_trgm`;
});

const LETTERS = /^[a-z0-9 ]{0,24}$/;

test("PostgreSQL's pg_trgm makes the same trigrams and, as 2s / (1+s), the same similarity", async () => {
  const names = fc.oneof(
    fc.stringMatching(LETTERS),
    fc.constantFrom("Nørregård & Sønner A/S", "Norregaard", "7-Eleven", "Dansk Skruefabrik"),
  );
  const pairs = fc.sample(fc.tuple(names, names), 500).map(([a, b]) => [nameKey(a).key, nameKey(b).key] as const);
  const rows = await database.sql<{ trigrams: string[]; jaccard: number }[]>`
    select show_trgm(a) as trigrams, similarity(a, b)::float8 as jaccard
    from json_to_recordset(${JSON.stringify(pairs.map(([a, b]) => ({ a, b })))}::text::json) as pair(a text, b text)`;
  expect(rows).toHaveLength(pairs.length);
  pairs.forEach(([a, b], index) => {
    const { trigrams, jaccard } = rows[index] ?? { trigrams: [], jaccard: -1 };
    expect([...trigramsOf(a)].sort()).toEqual([...trigrams].sort());
    expect(trigramSimilarity(a, b)).toBeCloseTo((2 * jaccard) / (1 + jaccard), 5);
  });
});
