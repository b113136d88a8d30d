import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { createFeedWatch, latestCursor, readCursor, readFeed, writeCursor } from "../../src/pipelines/feed.ts";
import type { Database, Db } from "../../src/store/database.ts";
import { forgetFeed, readFeedLag } from "../../src/store/feed.ts";
import { createTestDatabase } from "../support/database.ts";

let db: Database;
beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
});

/** One transaction's worth of changes, as commit writes them. */
async function writeBatch(sql: Db, entries: number, at = new Date()): Promise<string[]> {
  const ids = Array.from({ length: entries }, () => randomUUID());
  await sql`
    with batch as (
      insert into feed_batches (entries, at) values (${entries}, ${at.toISOString()}::text::timestamptz) returning id
    )
    insert into history (entity_id, version, entity, batch, place, kind, at, by, fields)
    select x.id::uuid, 1, 'kundeemne', batch.id, x.place - 1, 'created', kobling_now(),
      '{"kind":"api","actor":"secret name","from":0,"to":0}', '{"firmanavn":[null,"Ada ApS","api"]}'
    from batch, unnest(${ids}::text[]) with ordinality as x(id, place)`;
  return ids;
}

const watch = { grown: async () => undefined, close: () => undefined };
const read = (after: string | undefined, limit = 100) =>
  readFeed(db.sql, watch, { after: after === undefined ? undefined : readCursor(after), limit, waitMs: 0 });

test("R32 a transaction that commits late comes later in the feed, holds up nobody, and nothing is missed", async () => {
  const start = await latestCursor(db.sql);
  const late = await db.sql.reserve();
  await late`begin`;
  const lateIds = await writeBatch(late, 2);
  const firstIds = await writeBatch(db.sql, 3);

  const first = await read(start);
  expect(first.entries.map((entry) => entry.id)).toEqual(firstIds);

  await late`commit`;
  late.release();
  const nextIds = await writeBatch(db.sql, 1);
  const second = await read(first.cursor);
  expect(new Set(second.entries.map((entry) => entry.id))).toEqual(new Set([...lateIds, ...nextIds]));
  const numbers = [...first.entries, ...second.entries].map((entry) => entry.number);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
});

test("R32 many writers and many readers at once: every reader sees every entry once, in one order, without a gap", async () => {
  const start = await latestCursor(db.sql);
  const writers = Array.from({ length: 4 }, async () => {
    for (let batch = 0; batch < 15; batch++) await writeBatch(db.sql, 1 + (batch % 3));
  });
  const expected = 4 * 5 * (1 + 2 + 3);
  const reader = async () => {
    const seen: number[] = [];
    let cursor = start;
    while (seen.length < expected) {
      const page = await read(cursor, 7);
      seen.push(...page.entries.map((entry) => entry.number));
      cursor = page.cursor;
    }
    return seen;
  };
  const [a, b] = await Promise.all([reader(), reader(), ...writers]);
  expect(a).toEqual(b);
  expect(a).toEqual(Array.from({ length: expected }, (_, index) => (readCursor(start)?.number ?? 0) + 1 + index));
});

test("R32 entries hold ids, versions and field names, no values and no names of persons", async () => {
  const start = await latestCursor(db.sql);
  await writeBatch(db.sql, 1);
  const page = await read(start);
  expect(page.entries[0]).toMatchObject({ version: 1, kind: "created", fields: ["firmanavn"], by: { kind: "api" } });
  expect(JSON.stringify(page)).not.toMatch(/Ada|secret/);
});

test("R32 a reader that waits is woken by a commit, and by the end of its wait", async () => {
  const live = createFeedWatch(db.sql, 10);
  const after = readCursor(await latestCursor(db.sql));
  const waiting = readFeed(db.sql, live, { after, limit: 10, waitMs: 20_000 });
  await writeBatch(db.sql, 2);
  expect((await waiting).entries).toHaveLength(2);

  const atEnd = readCursor(await latestCursor(db.sql));
  const idle = await readFeed(db.sql, live, { after: atEnd, limit: 10, waitMs: 30 });
  expect(idle.entries).toEqual([]);
  expect(readCursor(idle.cursor)).toEqual(atEnd);
  live.close();
});

test("R32 a cursor behind what is kept, or of another epoch, is gone; a place that never was is refused", async () => {
  const own = await createTestDatabase();
  const readOwn = (after: string) => readFeed(own.sql, watch, { after: readCursor(after), limit: 10, waitMs: 0 });
  const beginning = await latestCursor(own.sql);
  await writeBatch(own.sql, 2, new Date("2026-01-01"));
  const kept = await writeBatch(own.sql, 1);
  expect((await readOwn(beginning)).entries).toHaveLength(3);

  expect(await forgetFeed(own.sql, new Date("2026-02-01"))).toBe(1);
  await expect(readOwn(beginning)).rejects.toMatchObject({ code: "gone" });
  const fromFloor = await readFeed(own.sql, watch, { after: undefined, limit: 10, waitMs: 0 });
  expect(fromFloor.entries.map((entry) => entry.id)).toEqual(kept);

  await expect(readOwn(writeCursor({ epoch: 1, number: 99 }))).rejects.toMatchObject({ code: "bad_value" });
  await own.sql`update installation set value = '2' where key = 'feed_epoch'`;
  await expect(readOwn(fromFloor.cursor)).rejects.toMatchObject({ code: "gone" });
  expect(await readFeedLag(own.sql)).toMatchObject({ unnumbered: 0 });
});

test.each(["", "abc", "Zg", Buffer.from("f1").toString("base64url")])("%o is no cursor", (text) => {
  expect(readCursor(text)).toBeUndefined();
});
