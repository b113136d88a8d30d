import { afterEach, expect, test } from "vitest";
import { editEntity } from "../../src/pipelines/edit.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { poll } from "../../src/pipelines/runs.ts";
import { sweep } from "../../src/pipelines/standing.ts";
import { person, startEngine } from "../support/engine.ts";
import { company, keeper, type Stage, type StageOptions, startStage } from "../support/stage.ts";
import { startStory } from "../support/story.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);
const one = { rows: { Debitorer: [company("1")] } };

test.each(["arkiveret", "begraenset"])(
  "R14 a record that became %s after its write was due is not written, until the reason goes",
  async (state) => {
    const { engine, erp, edit, ask, record } = await start(one);
    await edit("1", { firmanavn: "Vores ApS" });
    await ask(`update kundeemner set ${state}_vaerdi = true`);
    await engine.work();
    erp.control.put("Debitorer", "1", { Telefon: "33112233" });
    await engine.settle();
    expect(erp.log.writes("Debitorer", "1")).toEqual([]);
    expect(await record("1")).toMatchObject({ telefon: "62521234" });
    await ask(`update kundeemner set ${state}_vaerdi = false`);
    await engine.work();
    expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Vores ApS" });
  },
);

test("R14 what the gate forbids at deciding is judged again when the reason goes: their edit is not lost", async () => {
  const { engine, erp, ask, record } = await start(one);
  await ask("update kundeemner set arkiveret_vaerdi = true");
  erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ telefon: "62521234" });
  await ask("update kundeemner set arkiveret_vaerdi = false");
  erp.control.put("Debitorer", "1", { Att: "Bo" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ telefon: "33112233", attention: "Bo" });
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: "33112233" });
});

const register = {
  rows: { Debitorer: [company("1")] },
  api: { register: { debitor: { direction: "in", firstMeeting: "remote", create: "in", side: "directory" } } },
};

test("R15 a record that may not be updated automatically: the ledger's edits still come in, ours still go out", async () => {
  const { engine, erp, edit, record } = await start(one);
  await edit("1", { maaOpdateresAutomatisk: false });
  await engine.work();
  erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ telefon: "33112233" });
  await edit("1", { firmanavn: "Vores ApS" });
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Vores ApS" });
});

test("R15 with the flag false a clash with the CRM's value becomes a conflict, where else the rule would decide", async () => {
  for (const flag of [true, false]) {
    const { engine, erp, edit, record, reviews } = await start({
      ...one,
      config: { survivorship: { telefon: { rule: "owner", owner: "ledger" } } },
    });
    await edit("1", { telefon: "11111111", maaOpdateresAutomatisk: flag });
    erp.control.put("Debitorer", "1", { Telefon: "33112233" });
    await engine.work();
    expect(await record("1")).toMatchObject({ telefon: flag ? "33112233" : "11111111" });
    expect(await reviews("conflict")).toMatchObject(flag ? [] : [{ unit: "telefon", reason: "R15:flag" }]);
    expect(erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: "33112233" });
  }
});

test("R15 with the flag false a directory writes nothing, not even into empty fields: one proposal per field", async () => {
  const { engine, edit, record, reviews, ask } = await start(register);
  await ask("update lanes set released_in = true where connection = 'register'");
  const tell = async (data: Record<string, unknown>) => {
    await receive(engine.deps, { connection: "register", object: "debitor", via: "push" }, [
      { externalId: "r1", data },
    ]);
    await engine.work();
  };
  const known = { firmanavn: "Ærø Bådværft K/S", cvrNr: "12345674", seNr: null, euVatNr: null };
  await edit("1", { maaOpdateresAutomatisk: false });
  await tell({ ...known, telefon: "33112233", hjemmeside: "https://www.aeroe.example" });
  expect(await record("1")).toMatchObject({ telefon: "62521234", hjemmeside: null });
  const waiting = await reviews("proposal");
  expect(waiting.map((each) => each.unit).sort()).toEqual(["hjemmeside", "telefon"]);
  await tell({ ...known, telefon: "33112244", hjemmeside: "https://www.aeroe.example" });
  expect(await reviews("proposal")).toHaveLength(2);
});

/** A clash over the name, held; telefon is free. */
async function held(more: StageOptions = {}): Promise<Stage> {
  const stage = await start({ ...one, ...more });
  const fault = { kind: "personEdits", fields: { Navn: "Deres ApS" }, when: "before" } as const;
  stage.erp.control.addFault({ fault, verb: "get", id: "1", times: 1 });
  await stage.edit("1", { firmanavn: "Vores ApS" });
  await stage.engine.work();
  expect(await stage.reviews("conflict")).toMatchObject([{ unit: "firmanavn" }]);
  return stage;
}

test("R16 of a held field nothing is sent anywhere, and the other fields go on", async () => {
  const { engine, erp, edit, record, reviews } = await held();
  erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await engine.settle();
  await edit("1", { attention: "Bo" });
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Deres ApS", Telefon: "33112233", Att: "Bo" });
  expect(await record("1")).toMatchObject({ firmanavn: "Vores ApS", telefon: "33112233" });
  expect(await reviews("conflict")).toHaveLength(1);
});

test("R16 a newer claim joins the case as a side, and so does an edit of ours; the value in force stays", async () => {
  const { engine, erp, edit, record, reviews } = await held();
  erp.control.put("Debitorer", "1", { Navn: "Deres Andet ApS" });
  await engine.settle();
  const [joined] = await reviews("conflict");
  expect(joined?.sides).toMatchObject([
    { link: null, value: { firmanavn: "Vores ApS" } },
    { connection: "erp", value: { firmanavn: "Deres Andet ApS" } },
  ]);
  await edit("1", { firmanavn: "Vores Andet ApS" });
  await engine.work();
  const [edited] = await reviews("conflict");
  expect(edited?.sides).toMatchObject([
    { link: null, value: { firmanavn: "Vores ApS" } },
    { connection: "erp" },
    { link: null, value: { firmanavn: "Vores Andet ApS" } },
  ]);
  expect(Number(edited?.revision)).toBeGreaterThan(Number(joined?.revision));
  expect(await record("1")).toMatchObject({ firmanavn: "Vores ApS" });
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Deres Andet ApS" });
});

test("R2 R16 edits of ours to several parts of a held group stand together as one side: the second takes nothing from the first", async () => {
  const { history, step } = await startStory(kept.keep, { survivorship: { adresse: { rule: "manual" } } });
  await step({ n: 1, do: "quiet" });
  await step({ n: 2, do: "edit", record: 0, unit: "adresse1" });
  await step({ n: 3, do: "type", at: "a", row: 0, unit: "adresse1" });
  await step({ n: 4, do: "poll", on: "a" });
  await step({ n: 5, do: "edit", record: 0, unit: "bynavn" });
  await step({ n: 6, do: "edit", record: 0, unit: "adresse1" });
  const [row] = await history.ground.sql.unsafe("select sides from reviews where kind = 'conflict'");
  const sides = (row?.sides ?? []) as { by?: unknown; value: unknown }[];
  const edited = sides.filter((side) => side.by !== undefined);
  expect(edited.map((side) => side.value)).toMatchObject([{ adresse1: "adresse1 e6x", bynavn: "bynavn e5x" }]);
}, 120_000);

test("R16 sides that come to agree close the case, and the field goes on as before", async () => {
  const { engine, erp, edit, record, reviews } = await held();
  erp.control.put("Debitorer", "1", { Navn: "Vores ApS" });
  await engine.settle();
  expect(await reviews()).toEqual([]);
  await edit("1", { firmanavn: "Videre ApS" });
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Videre ApS" });
  erp.control.put("Debitorer", "1", { Navn: "Tilbage ApS" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ firmanavn: "Tilbage ApS" });
});

/** A debitor that was taken in both ways; then its lane was turned to go out only. */
async function oneWay(onRemoteEdit: "leave" | "restore"): Promise<Stage> {
  const wish = { direction: "both", firstMeeting: "remote", create: "in", onRemoteEdit };
  const stage = await start({ ...one, objects: { debitor: wish } });
  await stage.ask("update lanes set released_in = false where object = 'debitor'");
  return stage;
}

test("R22 one way out leaves what somebody edited at the target, and shows it as drift of its own kind", async () => {
  const { engine, erp, edit, record, ask } = await oneWay("leave");
  erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ telefon: "62521234" });
  expect(erp.log.writes("Debitorer", "1")).toEqual([]);
  expect(await sweep(engine.deps, "erp", "debitor")).toMatchObject({ drift: 0, oneWay: 1 });
  // Until our value changes: that write replaces it and records what it replaced.
  await edit("1", { telefon: "44556677" });
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: "44556677" });
  const [{ losers } = {}] = await ask("select provenance->'u'->'telefon' as losers from kundeemner");
  expect(JSON.stringify(losers)).toContain("33112233");
});

test("R22 one way out with restore puts our value back", async () => {
  const { engine, erp, record } = await oneWay("restore");
  erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await engine.settle();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: "62521234" });
  expect(await record("1")).toMatchObject({ telefon: "62521234" });
});

test("R22 an object that is switched off is read at the reconcile schedule and decides nothing", async () => {
  const stage = await start(one);
  const restart = async (direction: "off" | "both") => {
    const settings = { baseUrl: stage.erp.baseUrl, token: stage.erp.token };
    const debitor = { direction, firstMeeting: "remote", create: "in" };
    const engine = await startEngine(
      { connections: { erp: { connector: "keybalance", settings, objects: { debitor } } } },
      { database: stage.engine.deps.db },
    );
    kept.keep(() => engine.close());
    return engine;
  };
  const off = await restart("off");
  stage.erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await editEntity(off.deps, {
    entity: "kundeemne",
    id: String((await stage.record("1")).id),
    patch: { attention: "Bo" },
    by: person,
  });
  for (let round = 0; round < 2; round += 1) await poll(off.deps, "erp", "debitor", "reconcile");
  await off.work();
  expect(await stage.record("1")).toMatchObject({ telefon: "62521234" });
  expect(stage.erp.log.writes("Debitorer", "1")).toEqual([]);
  expect(await stage.ask("select count(*)::int as n from changes where state = 'received'")).toEqual([{ n: 0 }]);
  // Switched on again it is armed: a restart with another configuration writes nothing before a preview (rule R27).
  const on = await restart("both");
  await on.settle();
  expect(await stage.record("1")).toMatchObject({ telefon: "62521234" });
  expect(stage.erp.log.writes("Debitorer", "1")).toEqual([]);
  // Released, it goes on from base, so that both edits are still there to be exchanged.
  await on.open("erp", "debitor");
  await on.settle();
  expect(await stage.record("1")).toMatchObject({ telefon: "33112233" });
  expect(stage.erp.control.row("Debitorer", "1")).toMatchObject({ Att: "Bo" });
});
