import { afterEach, expect, test } from "vitest";
import { debitorMapping } from "../../src/connectors/keybalance/debitor.mapping.ts";
import { company, keeper, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);

test("R8 one field that the ledger empties is cleared with us, and its history says by whom", async () => {
  const { engine, erp, record, ask } = await start({ rows: { Debitorer: [company("1")] } });
  expect(await record("1")).toMatchObject({ telefon: "62521234" });
  erp.control.put("Debitorer", "1", { Telefon: "" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ telefon: null, firmanavn: "Ærø Bådværft K/S" });
  const [newest] = await ask("select fields->'telefon' as change from history order by version desc limit 1");
  expect(newest?.change).toMatchObject(["62521234", null, expect.any(String)]);
});

test("R8 more than three fields empty at once are read once more, then held: nothing is cleared", async () => {
  const { engine, erp, record, reviews } = await start({ rows: { Debitorer: [company("1")] } });
  const before = await record("1");
  const gets = erp.log.entries({ method: "GET", id: "1" }).length;
  erp.control.put("Debitorer", "1", { Telefon: "", Søgenavn: "", SE_Nr: "", Adr1: "", PostNr: "", ByNavn: "" });
  await engine.settle();
  expect(erp.log.entries({ method: "GET", id: "1" }).length).toBe(gets + 1);
  const after = await record("1");
  for (const field of ["telefon", "soegenavn", "cvr_nr", "adresse1", "postnr"])
    expect(after[field]).toBe(before[field]);
  const held = await reviews("conflict");
  expect(held.map((each) => each.unit).sort()).toEqual(["adresse", "registration", "soegenavn", "telefon"]);
  expect(new Set(held.map((each) => each.reason))).toEqual(new Set(["R8:many_clears"]));
  await engine.settle();
  expect(await reviews("conflict")).toHaveLength(4);
  expect(erp.log.writes("Debitorer", "1")).toEqual([]);
});

test("R8 a half-answered reading that is whole when it is read once more clears and holds nothing", async () => {
  const { engine, erp, record, reviews } = await start({ rows: { Debitorer: [company("1")] } });
  const whole = company("1");
  erp.control.put("Debitorer", "1", { Telefon: "", Søgenavn: "", SE_Nr: "", Adr1: "", PostNr: "", ByNavn: "" });
  const { Telefon = "", Søgenavn = "", SE_Nr = "", Adr1 = "", PostNr = "", ByNavn = "" } = whole;
  const fields = { Telefon, Søgenavn, SE_Nr, Adr1, PostNr, ByNavn };
  erp.control.addFault({ fault: { kind: "personEdits", fields, when: "before" }, verb: "get", id: "1", times: 1 });
  await engine.settle();
  expect(await record("1")).toMatchObject({ telefon: "62521234", soegenavn: "ÆRØ", cvr_nr: "12345674" });
  expect(await reviews()).toEqual([]);
});

test("R8 where a mapping says that empty means unknown, nothing is cleared and nothing is written back over it", async () => {
  const fields = debitorMapping.fields.map((line) =>
    "field" in line && line.field === "telefon" ? { ...line, emptyMeansUnknown: true } : line,
  );
  const mapping = { ...debitorMapping, fields };
  const { engine, erp, record } = await start({
    rows: { Debitorer: [company("1")] },
    mappings: { "erp.debitor": mapping },
  });
  erp.control.put("Debitorer", "1", { Telefon: "" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ telefon: "62521234" });
  expect(erp.log.writes("Debitorer", "1")).toEqual([]);
});

test("R8 a field that is gone from all objects at once is an alert, and clears nothing", async () => {
  const { engine, erp, record, reviews } = await start({
    rows: { Debitorer: [company("1"), company("2", { SE_Nr: "", Navn: "To ApS" })] },
  });
  const { fields } = erp.control.configure("Debitorer", {});
  erp.control.configure("Debitorer", { fields: fields.filter((field) => field !== "Telefon") });
  for (const row of erp.control.rows("Debitorer")) {
    erp.control.remove("Debitorer", row.Kontonr ?? "");
    erp.control.create("Debitorer", row);
  }
  expect(erp.control.row("Debitorer", "1")).not.toHaveProperty("Telefon");
  await engine.settle();
  expect(await record("1")).toMatchObject({ telefon: "62521234" });
  expect(await reviews("alert")).toMatchObject([{ reason: "R8:field_lost", detail: { field: "Telefon" } }]);
  await engine.settle();
  expect(await reviews("alert")).toHaveLength(1);
});

test("R9 missing once is a suspicion; missing in a second listing, and unknown by its id, is gone", async () => {
  const { engine, erp, link, record, reviews } = await start({
    rows: { Debitorer: [company("1"), company("2", { SE_Nr: "", Navn: "To ApS" })] },
  });
  erp.control.remove("Debitorer", "1");
  await engine.settle();
  expect(await link("1")).toMatchObject({ state: "linked", missing_since: expect.anything() });
  expect(await record("1")).toMatchObject({ findes_deb: true });
  await engine.settle();
  expect(await link("1")).toMatchObject({ state: "gone" });
  // Nothing of the record is deleted; it only has no debitor any more, and a person is told.
  expect(await record("1")).toMatchObject({ findes_deb: false, firmanavn: "Ærø Bådværft K/S" });
  expect(await reviews("alert")).toMatchObject([{ reason: "R25:gone", external_id: "1" }]);
  expect(await link("2")).toMatchObject({ state: "linked", missing_since: null });
});

test("R9 what is shown again was never away, also when two listings that missed it lie between", async () => {
  const { engine, erp, link } = await start({ rows: { Debitorer: [company("1")] } });
  const row = erp.control.row("Debitorer", "1") ?? {};
  erp.control.remove("Debitorer", "1");
  await engine.settle();
  erp.control.create("Debitorer", row);
  await engine.settle();
  expect(await link("1")).toMatchObject({ state: "linked", missing_since: null });
  erp.control.remove("Debitorer", "1");
  await engine.settle();
  expect(await link("1")).toMatchObject({ state: "linked", missing_since: expect.anything() });
});

test("R9 a listing that failed, or was cut, counts for nothing", async () => {
  const { engine, erp, link, ask } = await start({
    rows: { Debitorer: [company("1"), company("2", { SE_Nr: "", Navn: "To" })] },
  });
  for (const fault of [
    { kind: "status", status: 500 },
    { kind: "cutBody", bytes: 40 },
  ] as const) {
    erp.control.addFault({ fault, function: "Debitorer", verb: "get", times: 1 });
    await engine.settle();
  }
  expect(await ask("select state from runs where kind = 'delta'")).toEqual([{ state: "failed" }, { state: "failed" }]);
  for (const id of ["1", "2"]) expect(await link(id)).toMatchObject({ state: "linked", missing_since: null });
});

test("R9 a renumbered object is followed: one record, one link, under the new number", async () => {
  const { engine, erp, ask, edit, record } = await start({
    rows: { Debitorer: [company("1", { SE_Nr: "", Adr1: "" })] },
    simulator: { renumbered: "told" },
  });
  const before = await record("1");
  erp.control.renumber("Debitorer", "1", "901");
  await engine.settle();
  await engine.settle();
  expect(await ask("select external_id, state, entity_id from links")).toEqual([
    { external_id: "901", state: "linked", entity_id: before.id },
  ]);
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 1 }]);
  await edit("901", { firmanavn: "Nyt Navn" });
  await engine.work();
  expect(erp.control.row("Debitorer", "901")).toMatchObject({ Navn: "Nyt Navn" });
});

test("R25 a debitor that is gone and comes back is the same record again, and nothing was created meanwhile", async () => {
  const { engine, erp, link, record, ask } = await start({
    rows: { Debitorer: [company("1")] },
    objects: { debitor: { direction: "both", firstMeeting: "remote", create: "both" } },
  });
  const row = erp.control.row("Debitorer", "1") ?? {};
  const before = await record("1");
  erp.control.remove("Debitorer", "1");
  await engine.settle();
  await engine.settle();
  expect(await link("1")).toMatchObject({ state: "gone" });
  await engine.settle();
  expect(erp.control.rows("Debitorer")).toEqual([]);
  erp.control.create("Debitorer", row);
  await engine.settle();
  expect(await link("1")).toMatchObject({ state: "linked", entity_id: before.id });
  expect(await record("1")).toMatchObject({ findes_deb: true });
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 1 }]);
});
