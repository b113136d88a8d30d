import { expect, test } from "vitest";
import { noState } from "../../src/rules/record.ts";
import { lockEntities, type StoredEntity, upsertEntities } from "../../src/store/entities.ts";
import { KnownRows } from "../../src/store/known-rows.ts";
import { createTestDatabase } from "../support/database.ts";
import { storeRecord } from "../support/stored-records.ts";

test("a row that has not moved is taken as it was known; one that was written since is read again", async () => {
  const { sql } = await createTestDatabase();
  const ids = [
    await storeRecord(sql, "kundeemne", { firmanavn: "Står ApS" }),
    await storeRecord(sql, "kundeemne", { firmanavn: "Flyttes ApS" }),
  ];
  const [still = "", moves = ""] = ids;
  const known = new KnownRows<StoredEntity>();
  const before = await sql.begin((tx) => lockEntities(tx, "kundeemne", ids, known));
  known.isAsked = true;
  await sql`update kundeemner set firmanavn = 'Flyttet ApS' where id = ${moves}`;
  const after = await sql.begin((tx) => lockEntities(tx, "kundeemne", ids, known));
  expect(after.get(still)).toBe(before.get(still));
  expect(after.get(moves)?.values.firmanavn).toBe("Flyttet ApS");
});

test("the lock comes first: a write of another transaction is waited for, then seen", async () => {
  const { sql } = await createTestDatabase();
  const id = await storeRecord(sql, "kundeemne", { firmanavn: "Før ApS" });
  const known = new KnownRows<StoredEntity>();
  const stored = (await sql.begin((tx) => lockEntities(tx, "kundeemne", [id], known))).get(id);
  if (stored === undefined) throw new Error("The record was stored");
  known.isAsked = true;
  let taken: Promise<Map<string, StoredEntity>> | undefined;
  await sql.begin(async (tx) => {
    const values = { ...stored.values, firmanavn: "Efter ApS" };
    const at = "2026-01-31T12:00:00.000Z";
    const keys = { match_key: null, name_key: null };
    const entity = { ...stored, version: 2, values, state: noState };
    await upsertEntities(tx, "kundeemne", [{ entity, createdAt: at, updatedAt: at, keys }]);
    taken = sql.begin((other) => lockEntities(other, "kundeemne", [id], known));
    const waits = async () =>
      (await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
        .length > 0;
    while (!(await waits()));
  });
  expect((await taken)?.get(id)?.values.firmanavn).toBe("Efter ApS");
});
