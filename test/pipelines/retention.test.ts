import { beforeAll, beforeEach, expect, test } from "vitest";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { latestCursor } from "../../src/pipelines/feed.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { retain } from "../../src/pipelines/retention.ts";
import { setNow } from "../../src/store/clock.ts";
import { claimIdempotencyKey } from "../../src/store/idempotency.ts";
import { loadImages } from "../../src/store/links.ts";
import { type Engine, person, startEngine } from "../support/engine.ts";

const DAY_MS = 86_400_000;
let engine: Engine;

const later = (days: number) => setNow(engine.deps.db.sql, new Date(Date.now() + days * DAY_MS));
const count = async (table: string, where = "true"): Promise<number> => {
  const [row] = await engine.deps.db.sql.unsafe(`select count(*)::int as n from ${table} where ${where}`);
  return Number(row?.n);
};

beforeAll(async () => {
  engine = await startEngine({
    connections: { shop: { connector: "api", settings: {}, objects: { debitor: { direction: "in", create: "in" } } } },
  });
});
beforeEach(() => setNow(engine.deps.db.sql, null));

test("what is finished with goes when its time has come, what waits stays, and running again drops nothing more", async () => {
  const { deps } = engine;
  const { sql } = deps.db;
  const made = await createEntity(deps, { entity: "kundeemne", values: { firmanavn: "A" }, by: person });
  await editEntity(deps, { entity: "kundeemne", id: made.id, patch: { firmanavn: "B" }, by: person });
  await claimIdempotencyKey(sql, { keyId: "k", key: "1", fingerprint: "f" });
  await receive(deps, { connection: "shop", object: "debitor", via: "push" }, [
    { externalId: "decided", data: { firmanavn: "D" } },
    { externalId: "waits", data: { firmanavn: "W" } },
  ]);
  await sql`update changes set state = 'decided' where external_id = 'decided'`;
  await latestCursor(sql); // numbers what was written

  expect(await retain(deps)).toMatchObject({ changes: 0, feedBatches: 0, idempotencyKeys: 0, history: 0 });
  await later(2);
  expect(await retain(deps)).toMatchObject({ changes: 0, feedBatches: 0, idempotencyKeys: 1 });
  await later(31);
  expect(await retain(deps)).toMatchObject({ changes: 1, feedBatches: 2, idempotencyKeys: 0, history: 0 });
  expect(await count("changes")).toBe(await count("changes", "state = 'received'"));
  await later(1_826);
  expect(await retain(deps)).toMatchObject({ history: 2 });
  expect(await retain(deps)).toMatchObject({ changes: 0, feedBatches: 0, idempotencyKeys: 0, history: 0 });
  expect(await count("kundeemner")).toBe(1);
  expect(await count("changes")).toBe(1);
});

test("earlier values that the feed still shows stay, however old", async () => {
  const { deps } = engine;
  const made = await createEntity(deps, { entity: "kundeemne", values: { firmanavn: "C" }, by: person });
  await later(4_000);
  // Not numbered yet: no reader can have seen it.
  expect(await retain(deps)).toMatchObject({ feedBatches: 0, history: 0 });
  expect(await count("history", `entity_id = '${made.id}'`)).toBe(1);
});

test("R10 what a remote last showed stays known when the change that told it goes", async () => {
  const { deps } = engine;
  const { sql } = deps.db;
  await setNow(sql, null);
  await engine.open("shop", "debitor");
  const data = { firmanavn: "Sidst vist ApS", adresse1: "Havnen 1" };
  await receive(deps, { connection: "shop", object: "debitor", via: "push" }, [
    { externalId: "shown", counter: 1, data },
  ]);
  await engine.work();
  const [link] = await sql<{ id: string }[]>`select id from links where external_id = 'shown'`;
  const shown = async () => (await loadImages(sql, [link?.id ?? ""])).get(link?.id ?? "");
  expect(await shown()).toEqual(data);
  await later(40);
  await retain(deps);
  expect(await count("changes", "external_id = 'shown'")).toBe(0);
  expect(await shown()).toEqual(data);
});
