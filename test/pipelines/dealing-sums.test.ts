import { Decimal } from "decimal.js";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copenhagenDate } from "../../src/danish/dates.ts";
import type { Values } from "../../src/model/catalogue.ts";
import { alignTilbudKr, turnDay } from "../../src/pipelines/dealing-sums.ts";
import { changeDealing } from "../../src/pipelines/dealings.ts";
import { createEntity } from "../../src/pipelines/edit.ts";
import { setNow } from "../../src/store/clock.ts";
import { findKundeemne, listKundeemner } from "../../src/store/kundeemner-read.ts";
import { type Engine, person, startEngine } from "../support/engine.ts";

const START = Date.parse("2026-11-22T22:30:00Z");
const HOUR_MS = 3_600_000;
const Exact = Decimal.clone({ precision: 60 });

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ connections: {} });
});
afterAll(() => engine.close());

type Kept = { kind: "aktiviteter" | "tilbud"; id: string; values: Values };

/** The same, worked out from what was written by plain code. */
function sumsOf(rows: readonly Kept[], now: number) {
  const add = (amounts: readonly Decimal[]): string =>
    amounts.reduce((all, each) => all.plus(each), new Exact(0)).toFixed();
  const exact = (value: unknown) => new Exact(String(value ?? 0));
  const today = copenhagenDate(new Date(now));
  const dates = rows.flatMap(({ kind, values }) => (kind === "aktiviteter" ? [String(values.dato)] : []));
  return {
    tilbudKr: add(
      rows
        .filter(({ kind, values }) => kind === "tilbud" && values.status !== "annulleret")
        .map(({ values }) =>
          values.kurs === null ? exact(values.beloeb) : exact(values.beloeb).times(exact(values.kurs)).div(100),
        ),
    ),
    vaerdi: add(
      rows
        .filter(({ kind, values }) => kind === "aktiviteter" && values.udfald !== "tabt")
        .map(({ values }) => exact(values.vaerdi)),
    ),
    nyesteAkt:
      dates
        .filter((date) => date <= today)
        .sort()
        .at(-1) ?? null,
  };
}

const amount = fc.constantFrom("0.1", "0.2", "-0.3", "1234567890123.45", "99.99", "0");
const activity = fc.record({
  kind: fc.constant("aktiviteter" as const),
  values: fc.record({
    type: fc.constant("opkald"),
    dato: fc.constantFrom("2026-11-20", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"),
    vaerdi: fc.option(amount),
    udfald: fc.constantFrom("aaben", "vundet", "tabt"),
  }),
});
const offer = fc.record({
  kind: fc.constant("tilbud" as const),
  values: fc
    .record({
      nr: fc.constant("1"),
      dato: fc.constant("2026-11-20"),
      beloeb: amount,
      status: fc.constantFrom("aabent", "afvist", "annulleret"),
      kurs: fc.constantFrom(null, "746.051234", "12.5"),
    })
    .map((values) => ({ ...values, valuta: values.kurs === null ? "DKK" : "EUR" })),
});
const dealing = fc.oneof(activity, offer);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant("add" as const), dealing }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("change" as const), at: fc.nat(9), dealing }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("remove" as const), at: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("wait" as const), hours: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.constant({ does: "turn" as const }) },
);

test("S50 after any acts and any hours, what is read, filtered and sorted by equals what the rows add up to", async () => {
  const { deps } = engine;
  const { sql } = deps.db;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      let now = START;
      await setNow(sql, new Date(now));
      const { id } = await createEntity(deps, { entity: "kundeemne", values: { firmanavn: "Sum" }, by: person });
      const rows: Kept[] = [];
      for (const each of steps) {
        if (each.does === "wait") {
          now += each.hours * HOUR_MS;
          await setNow(sql, new Date(now));
        }
        if (each.does === "turn") await turnDay(deps);
        if (each.does === "add") {
          const { kind, values } = each.dealing;
          const made = await changeDealing(deps, { does: "add", kind, kundeemneId: id, values, by: person });
          rows.push({ kind, id: made.id, values });
        }
        const row = "at" in each ? rows[each.at % Math.max(1, rows.length)] : undefined;
        if (each.does === "change" && row?.kind === each.dealing.kind) {
          row.values = each.dealing.values;
          await changeDealing(deps, { does: "change", kind: row.kind, id: row.id, patch: row.values, by: person });
        }
        if (each.does === "remove" && row !== undefined) {
          rows.splice(rows.indexOf(row), 1);
          await changeDealing(deps, { does: "remove", kind: row.kind, id: row.id, by: person });
        }
        const expected = sumsOf(rows, now);
        const { values = {} } = (await findKundeemne(sql, id)) ?? {};
        const { tilbudKr, vaerdi, nyesteAkt } = values;
        expect({ tilbudKr: tilbudKr ?? "0", vaerdi: vaerdi ?? "0", nyesteAkt }).toEqual(expected);
      }
      const expected = sumsOf(rows, now);
      const { records } = await listKundeemner(sql, {
        criterion: {
          and: [
            { field: "nyesteAkt", is: expected.nyesteAkt },
            { field: "vaerdi", compares: "gte", with: expected.vaerdi },
            { field: "tilbudKr", is: expected.tilbudKr },
          ],
        },
        sort: { by: "nyesteAkt", descending: true },
        limit: 500,
      });
      expect(records.map((record) => record.id)).toContain(id);
    }),
    { numRuns: 25 },
  );
}, 120_000);

test("S56 a list is right at midnight in Copenhagen, before and after the day was turned, and history tells of it once", async () => {
  const { deps } = engine;
  const { sql } = deps.db;
  await setNow(sql, new Date("2027-03-27T22:59:59Z"));
  const make = async (firmanavn: string, ...dates: string[]) => {
    const { id } = await createEntity(deps, { entity: "kundeemne", values: { firmanavn }, by: person });
    for (const dato of dates)
      await changeDealing(deps, {
        ...{ does: "add", kind: "aktiviteter", kundeemneId: id, by: person },
        values: { type: "moede", dato },
      });
    return id;
  };
  const planned = await make("Planlagt", "2027-03-26", "2027-03-28", "2027-03-29");
  const past = await make("Fortid", "2027-03-27");
  const names = async (): Promise<unknown[]> => {
    const page = await listKundeemner(sql, {
      criterion: { field: "nyesteAkt", compares: "gte", with: "2027-01-01" },
      sort: { by: "nyesteAkt", descending: true },
      limit: 10,
    });
    return page.records.map(({ id, values }) => [id, values.nyesteAkt]);
  };
  const before = [
    [past, "2027-03-27"],
    [planned, "2027-03-26"],
  ];
  expect(await names()).toEqual(before);
  await setNow(sql, new Date("2027-03-27T23:00:00Z"));
  const after = [
    [planned, "2027-03-28"],
    [past, "2027-03-27"],
  ];
  expect(await names()).toEqual(after);
  // Two days at once: nobody has turned the first.
  await setNow(sql, new Date("2027-03-28T22:00:00Z"));
  expect((await names())[0]).toEqual([planned, "2027-03-29"]);
  expect(await turnDay(deps)).toBeGreaterThan(0);
  expect(await turnDay(deps)).toBe(0);
  expect((await names())[0]).toEqual([planned, "2027-03-29"]);
  const turned = await sql`select by, fields from history where entity_id = ${planned} and kind = 'day_turned'`;
  expect(turned).toMatchObject([
    { by: { kind: "system" }, fields: { nyesteAkt: ["2027-03-26", "2027-03-29", "S56:latest"] } },
  ]);
});

test("S54 which tilbud count is a set-up choice: changed, all sums are worked out anew, once", async () => {
  const { deps } = engine;
  await setNow(deps.db.sql, null);
  await alignTilbudKr(deps);
  const { id } = await createEntity(deps, { entity: "kundeemne", values: { firmanavn: "Valg" }, by: person });
  for (const [beloeb, status] of [
    ["10", "aabent"],
    ["5", "accepteret"],
  ])
    await changeDealing(deps, {
      ...{ does: "add", kind: "tilbud", kundeemneId: id, by: person },
      values: { nr: "1", dato: "2026-01-01", beloeb: beloeb ?? "", status: status ?? "", valuta: "DKK" },
    });
  const sum = async () => (await findKundeemne(deps.db.sql, id))?.values.tilbudKr;
  expect(await sum()).toBe("15");
  const restarted = await startEngine({ connections: {}, activities: { tilbudKr: "open" } }, { database: deps.db });
  expect(await alignTilbudKr(restarted.deps)).toBeGreaterThan(0);
  expect(await sum()).toBe("10");
  expect(await alignTilbudKr(restarted.deps)).toBe(0);
  await alignTilbudKr(deps);
  expect(await sum()).toBe("15");
});

test("two who add activities to one record at once are both counted", async () => {
  const { deps } = engine;
  const { id } = await createEntity(deps, { entity: "kundeemne", values: { firmanavn: "Samtidig" }, by: person });
  const values = { type: "moede", dato: "2026-01-01", vaerdi: "1" };
  await Promise.all(
    Array.from({ length: 8 }, () =>
      changeDealing(deps, { does: "add", kind: "aktiviteter", kundeemneId: id, values, by: person }),
    ),
  );
  expect((await findKundeemne(deps.db.sql, id))?.values.vaerdi).toBe("8");
});
