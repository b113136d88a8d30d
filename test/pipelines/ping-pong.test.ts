import { afterEach, expect, test, vi } from "vitest";
import { decideReview } from "../../src/pipelines/decisions.ts";
import type * as Turns from "../../src/store/turns.ts";
import { person } from "../support/engine.ts";
import { company, keeper, type Stage, startStage } from "../support/stage.ts";

const asked = vi.hoisted(() => ({ records: 0 }));
vi.mock("../../src/store/turns.ts", async (original) => {
  const { loadVersions } = await original<typeof Turns>();
  return {
    loadVersions: async (...given: Parameters<typeof loadVersions>) => {
      asked.records += given[1].length;
      return await loadVersions(...given);
    },
  };
});

const kept = keeper();
afterEach(kept.end);
// Many turns over two systems: a busy machine is given time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FIRST = "62521234";
const SECOND = "33112233";

/** A ledger and a CRM that show the same record; each takes the other's changes. */
async function start(config: object = {}): Promise<Stage> {
  const survivorship = { telefon: { rule: "most_recent", then: "manual" } };
  const stage = await startStage(
    { rows: { Debitorer: [company("1")] }, crm: {}, config: { survivorship, ...config } },
    kept.keep,
  );
  await stage.engine.settle();
  return stage;
}
const inCrm = ({ crm }: Stage) => crm?.control.rows("KundeEmner")[0];
const telefonOf = async (stage: Stage) => (await stage.record("1")).telefon;

/** The CRM sets one value, the ledger sets the other back, so many times. */
async function swing(stage: Stage, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    if (turn % 2 === 0) stage.crm?.control.put("KundeEmner", inCrm(stage)?.Kontonr ?? "", { Telefon: SECOND });
    else stage.erp.control.put("Debitorer", "1", { Telefon: FIRST });
    await stage.engine.settle();
  }
}

test("R31 a field that two systems set back and forth is held after three swings, and its case names both", async () => {
  const stage = await start();
  await swing(stage, 3);
  expect(await telefonOf(stage)).toBe(SECOND);
  expect(await stage.reviews()).toEqual([]);
  expect(stage.erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: SECOND });
  stage.erp.control.put("Debitorer", "1", { Telefon: FIRST });
  await stage.engine.settle();
  // Taken by neither: the value in force stays, and nobody is written to.
  expect(await telefonOf(stage)).toBe(SECOND);
  expect(stage.erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: FIRST });
  expect(inCrm(stage)).toMatchObject({ Telefon: SECOND });
  const [review] = await stage.reviews();
  expect(review).toMatchObject({
    ...{ kind: "conflict", reason: "R31:ping_pong", unit: "telefon", connection: "erp", object: "debitor" },
    detail: {
      swings: 3,
      between: [
        { connection: "crm", object: "kundeemne", value: { telefon: SECOND } },
        { connection: "erp", object: "debitor", value: { telefon: FIRST } },
      ],
    },
  });
  expect(review?.sides).toMatchObject([
    { connection: null, value: { telefon: SECOND } },
    { connection: "crm", object: "kundeemne", value: { telefon: SECOND } },
    { connection: "erp", object: "debitor", value: { telefon: FIRST } },
  ]);
  const writes = stage.erp.log.writes("Debitorer").length;
  await stage.engine.settle();
  await stage.engine.settle();
  expect(stage.erp.log.writes("Debitorer")).toHaveLength(writes);
  expect(await stage.reviews()).toHaveLength(1);
  // A person decides: that value stands on both sides, and what comes after is counted anew.
  await decideReview(stage.engine.deps, { id: Number(review?.id), decision: "take_theirs", target: "erp", by: person });
  await stage.engine.work();
  await stage.engine.settle();
  expect(inCrm(stage)).toMatchObject({ Telefon: FIRST });
  await swing(stage, 3);
  expect(await stage.reviews()).toEqual([]);
});

test("R31 what a person sets between ends the swinging", async () => {
  const stage = await start();
  await swing(stage, 3);
  await stage.edit("1", { telefon: FIRST });
  await stage.engine.settle();
  await swing(stage, 3);
  expect(await stage.reviews()).toEqual([]);
});

test("R31 two systems that take turns with ever new values are edited by people, and not stopped", async () => {
  const stage = await start();
  for (let turn = 0; turn < 5; turn += 1) {
    const Telefon = String(20_000_000 + turn);
    if (turn % 2 === 0) stage.crm?.control.put("KundeEmner", inCrm(stage)?.Kontonr ?? "", { Telefon });
    else stage.erp.control.put("Debitorer", "1", { Telefon });
    await stage.engine.settle();
  }
  expect(await stage.reviews()).toEqual([]);
  expect(await telefonOf(stage)).toBe("20000004");
});

test("R31 swings that lie further apart than the time that is looked at are none", async () => {
  const stage = await start({ pingPong: { swings: 3, within: "1h" } });
  await stage.ahead(0);
  await swing(stage, 3);
  await stage.ahead(2 * 3_600_000);
  stage.erp.control.put("Debitorer", "1", { Telefon: FIRST });
  await stage.engine.settle();
  expect(await stage.reviews()).toEqual([]);
  expect(await telefonOf(stage)).toBe(FIRST);
});

test("R31 a group swings as one value, whichever of its fields moves", async () => {
  const stage = await start({ survivorship: { adresse: { rule: "most_recent", then: "manual" } } });
  const turn = async (byCrm: boolean, Adr1: string): Promise<void> => {
    if (byCrm) stage.crm?.control.put("KundeEmner", inCrm(stage)?.Kontonr ?? "", { Adr1 });
    else stage.erp.control.put("Debitorer", "1", { Adr1 });
    await stage.engine.settle();
  };
  await turn(true, "Kajen 2");
  await turn(false, "Havnen 1");
  await turn(true, "Kajen 2");
  expect(await stage.reviews()).toEqual([]);
  await turn(false, "Havnen 1");
  expect(await stage.reviews()).toMatchObject([{ reason: "R31:ping_pong", unit: "adresse" }]);
});

test("R31 what a record has been through is asked for only where a reading says what neither it nor the system said before", async () => {
  const stage = await start();
  asked.records = 0;
  for (let turn = 0; turn < 5; turn += 1) {
    stage.crm?.control.put("KundeEmner", inCrm(stage)?.Kontonr ?? "", { Telefon: String(20_000_000 + turn) });
    await stage.engine.settle();
  }
  // The ledger was read before each write, and answered each: it said what it had said, and what the record says.
  expect(stage.erp.log.writes("Debitorer")).toHaveLength(5);
  expect(asked.records).toBe(0);
  stage.erp.control.put("Debitorer", "1", { Telefon: FIRST });
  await stage.engine.settle();
  expect(asked.records).toBeGreaterThan(0);
});
