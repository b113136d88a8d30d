import { afterEach, expect, test } from "vitest";
import { debitorMapping } from "../../src/connectors/keybalance/debitor.mapping.ts";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { release } from "../../src/pipelines/preview.ts";
import { poll, startRun, workRuns } from "../../src/pipelines/runs.ts";
import { person, startEngine } from "../support/engine.ts";
import { openShop } from "../support/shop.ts";
import { company, keeper, type Stage, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);

/** A Kundeemne of ours that a person has typed, before any system is connected. */
async function known(values: Record<string, unknown>, firstMeeting: string, row = {}): Promise<Stage & { id: string }> {
  const stage = await start({
    rows: { Debitorer: [company("1", row)] },
    objects: { debitor: { direction: "both", firstMeeting, create: "in" } },
    open: [],
  });
  const { id } = await createEntity(stage.engine.deps, {
    entity: "kundeemne",
    values: { firmanavn: "Ærø Bådværft K/S", cvrNr: "12345674", ...values } as never,
    by: person,
  });
  await stage.engine.open("erp", "debitor");
  return { ...stage, id };
}

test("R24 accounts whose numbers collide are not the same company for that", async () => {
  const { ask } = await start({
    rows: {
      Debitorer: [company("06010001", { Navn: "Havnens Fisk ApS", SE_Nr: "", Adr1: "Kajen 4" })],
      Kreditorer: [company("06010001", { Navn: "Bjerg & Dal A/S", SE_Nr: "", Adr1: "Bakken 9" })],
    },
    objects: {
      debitor: { direction: "in", firstMeeting: "remote", create: "in" },
      kreditor: { direction: "in", firstMeeting: "remote", create: "in" },
    },
  });
  expect(await ask("select firmanavn from kundeemner order by 1")).toEqual([
    { firmanavn: "Bjerg & Dal A/S" },
    { firmanavn: "Havnens Fisk ApS" },
  ]);
  expect(await ask("select distinct state from links")).toEqual([{ state: "linked" }]);
});

test("R24 in a shared series a number matches where CVR or name agree, is a hint where neither does, and nothing else", async () => {
  const stage = await start({
    rows: { Debitorer: [] },
    mappings: { "erp.debitor": { ...debitorMapping, sharedSeries: true } },
  });
  const { engine, erp, ask, reviews } = stage;
  const made = async (kontonummer: string, firmanavn: string, cvrNr?: string): Promise<string> => {
    const values = { firmanavn, ...(cvrNr === undefined ? {} : { cvrNr }) };
    const { id } = await createEntity(engine.deps, { entity: "kundeemne", values, by: person });
    await ask("update kundeemner set kontonummer = $2 where id = $1", [id, kontonummer]);
    return id;
  };
  const alike = await made("501", "Havnens Fisk ApS");
  const renamed = await made("502", "Kystens Kiosk", "12345674");
  const unlike = await made("503", "Bjerg & Dal A/S");
  const other = await made("504", "Ny Mølle A/S", "12345674");
  const number = (Kontonr: string, Navn: string, SE_Nr = "") =>
    erp.control.create("Debitorer", { Kontonr, Navn, SE_Nr });
  number("501", "Havnens Fisk & Skaldyr ApS");
  number("502", "Noget Ganske Andet", "12345674");
  number("503", "Et Fremmed Firma");
  number("504", "Ny Mølle A/S", "25313763");
  await engine.settle();
  const stands = Object.fromEntries(
    (await ask("select external_id, entity_id, state from links")).map((each) => [each.external_id, each]),
  );
  expect(stands["501"]).toMatchObject({ entity_id: alike, state: "linked" });
  expect(stands["502"]).toMatchObject({ entity_id: renamed, state: "linked" });
  expect(stands["503"]).toMatchObject({ entity_id: null, state: "suggested" });
  expect(await reviews("match_case")).toMatchObject([{ external_id: "503", detail: { candidates: [unlike] } }]);
  // Two CVR numbers are two companies, whatever their account number and name.
  expect(stands["504"]).toMatchObject({ state: "linked" });
  expect(stands["504"]?.entity_id).not.toBe(other);
});

test("R26 a first meeting fills what is empty on either side, and what is equal in the loose key stays as it is", async () => {
  const { erp, id, ask, reviews } = await known(
    { telefon: null, firmanavn: "ÆRØ BÅDVÆRFT K/S", attention: "Bo" },
    "ask",
  );
  const [record] = await ask("select firmanavn, telefon, attention, findes_deb from kundeemner where id = $1", [id]);
  expect(record).toEqual({ firmanavn: "ÆRØ BÅDVÆRFT K/S", telefon: "62521234", attention: "Bo", findes_deb: true });
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Ærø Bådværft K/S", Att: "Bo" });
  const [link] = await ask("select renderings->'firmanavn'->0 as pair from links");
  expect(link?.pair).toMatchObject({ got: { firmanavn: "Ærø Bådværft K/S" } });
  expect(await reviews()).toEqual([]);
});

test.each([
  ["remote", "62521234", "62521234", 0],
  ["crm", "33112233", "33112233", 0],
  ["ask", "33112233", "62521234", 1],
])("R26 differing values at a first meeting go to %s", async (firstMeeting, ours, theirs, cases) => {
  const { erp, id, ask, reviews } = await known({ telefon: "33112233" }, String(firstMeeting));
  expect(await ask("select telefon from kundeemner where id = $1", [id])).toEqual([{ telefon: ours }]);
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: theirs });
  expect(await reviews("conflict")).toHaveLength(Number(cases));
});

test("R26 an account that comes later is met in the same way, without a preview of its own", async () => {
  const { engine, erp, ask, id } = await known({ telefon: null }, "remote", { Navn: "En Helt Anden", SE_Nr: "" });
  erp.control.create("Debitorer", company("2"));
  await engine.settle();
  expect(await ask("select entity_id from links where external_id = '2'")).toEqual([{ entity_id: id }]);
  expect(await ask("select telefon from kundeemner where id = $1", [id])).toEqual([{ telefon: "62521234" }]);
});

test("R26 more than 20 first meetings that no preview has named stop the lane: nothing of them is written", async () => {
  const stage = await start({ rows: { Debitorer: [] } });
  const { engine, erp, ask, reviews } = stage;
  const rows = Array.from({ length: 21 }, (_, n) =>
    company(String(n + 1), { Navn: `Firma ${n}`, SE_Nr: "", Adr1: `Vej ${n}` }),
  );
  for (const { Navn = "", Adr1 = "" } of rows)
    await createEntity(engine.deps, {
      entity: "kundeemne",
      values: { firmanavn: Navn, adresse1: Adr1, postnr: "5970" },
      by: person,
    });
  for (const row of rows) erp.control.create("Debitorer", row);
  await engine.settle();
  expect(await ask("select count(*)::int as n from links where entity_id is not null")).toEqual([{ n: 0 }]);
  expect(await ask("select count(*)::int as n from kundeemner where telefon is not null")).toEqual([{ n: 0 }]);
  expect(await ask("select state, count(*)::int as n from changes group by 1")).toEqual([{ state: "received", n: 21 }]);
  expect(await reviews("stopped_run")).toMatchObject([{ object: "debitor", reason: "R26:preview_needed" }]);
  // A preview that a person accepts names them: the rest goes on.
  await engine.open("erp", "debitor");
  expect(await ask("select count(*)::int as n from links where state = 'linked'")).toEqual([{ n: 21 }]);
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 21 }]);
  expect(await reviews("stopped_run")).toEqual([]);
});

test("R27 what is armed reads and previews, and writes nothing on either side", async () => {
  const { engine, erp, ask } = await start({ rows: { Debitorer: [company("1")] }, open: [] });
  await poll(engine.deps, "erp", "debitor", "delta");
  expect(erp.log.entries()).toEqual([]);
  const { id } = await startRun(engine.deps, { connection: "erp", object: "debitor", kind: "preview", by: person });
  await workRuns(engine.deps, "erp");
  await engine.work();
  const [run] = await ask("select state, counts from runs where id = $1", [id]);
  expect(run).toMatchObject({ state: "done", counts: { read: 1, created: 1 } });
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 0 }]);
  expect(await ask("select count(*)::int as n from links")).toEqual([{ n: 0 }]);
  expect(erp.log.entries().map((entry) => entry.method)).toEqual(["GET"]);
});

test("R27 a release by a preview from before a record moved is refused, and by a fresh one goes through", async () => {
  const { engine, ask } = await start({ rows: { Debitorer: [company("1")] }, open: [] });
  const { id } = await createEntity(engine.deps, {
    entity: "kundeemne",
    values: { firmanavn: "Ærø Bådværft K/S", cvrNr: "12345674" },
    by: person,
  });
  const take = async (): Promise<number> => {
    const run = await startRun(engine.deps, { connection: "erp", object: "debitor", kind: "preview", by: person });
    await workRuns(engine.deps, "erp");
    return run.id;
  };
  const free = (preview: number) => release(engine.deps, { connection: "erp", object: "debitor", preview, by: person });
  const old = await take();
  await editEntity(engine.deps, { entity: "kundeemne", id, patch: { telefon: "33112233" }, by: person });
  await expect(free(old)).rejects.toMatchObject({ code: "not_fresh" });
  expect(await ask("select released_in, released_out from lanes")).toEqual([
    { released_in: false, released_out: false },
  ]);
  await expect(free(await take())).resolves.toMatchObject({ releasedIn: true, releasedOut: true });
});

test("R25 a pair that a person refused is never matched again, however alike they are", async () => {
  const { engine, erp, ask, record } = await start({
    rows: { Debitorer: [], Kreditorer: [company("7")] },
    objects: {
      debitor: { direction: "in", firstMeeting: "remote", create: "in" },
      kreditor: { direction: "in", firstMeeting: "remote", create: "in" },
    },
  });
  const { id } = await record("7", "kreditor");
  await ask(
    "insert into link_blocks (connection, object, entity_id, external_id, kind, by, at) values ('erp', 'debitor', $1, '1', 'refused', 'test', now())",
    [String(id)],
  );
  erp.control.create("Debitorer", company("1"));
  await engine.settle();
  const links = await ask(
    "select external_id, entity_id = $1 as same, state from links where object = 'debitor' order by 1",
    [String(id)],
  );
  expect(links[0]).toMatchObject({ external_id: "1", same: false, state: "linked" });
});

test("R10 a new version of a mapping is no change by the ledger: nothing is overwritten, here or there", async () => {
  const stage = await start({ rows: { Debitorer: [company("1", { Att: "bo" })] } });
  const { engine, erp, edit, record } = stage;
  await edit("1", { telefon: "33112233" });
  await engine.work();
  const before = await record("1");
  // The same ledger, read by another mapping: the attention stands in another field, and telephone numbers are plain text.
  const fields = debitorMapping.fields.map((line) =>
    "field" in line && line.field === "attention"
      ? { ...line, remote: "LevID" }
      : "field" in line && line.field === "telefon"
        ? { ...line, as: "text" as never }
        : line,
  );
  const again = await startEngine(
    {
      connections: {
        erp: {
          connector: "keybalance",
          settings: { baseUrl: erp.baseUrl, token: erp.token },
          objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } },
        },
      },
    },
    { database: engine.deps.db, mappings: { "erp.debitor": { ...debitorMapping, fields } } },
  );
  kept.keep(() => again.close());
  const writes = erp.log.writes("Debitorer", "1").length;
  await again.settle();
  await again.settle();
  expect(await record("1")).toMatchObject({ firmanavn: before.firmanavn, telefon: "33112233" });
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Att: "bo", Telefon: "33112233" });
  expect(
    erp.log
      .writes("Debitorer", "1")
      .slice(writes)
      .map((entry) => entry.body),
  ).toEqual([{ LevID: "bo" }]);
  // And an edit by the ledger under the new mapping is one.
  erp.control.put("Debitorer", "1", { Telefon: "44556677" });
  await again.settle();
  expect(await record("1")).toMatchObject({ telefon: "44556677" });
});

test("R26 a preview counts what it would write at third systems, and writes nothing anywhere", async () => {
  const shop = await openShop({
    armed: true,
    debitorer: [
      { Kontonr: "1001", Navn: "Vestjysk Træ A/S", Søgenavn: "VEST", SE_Nr: "12345674", Telefon: "70 10 20 30" },
    ],
    kundeemner: [
      {
        Kontonr: "5001",
        Navn: "Vestjysk Træ A/S",
        Søgenavn: "VEST",
        SE_Nr: "12345674",
        TilladKampagne: "0",
        MaaOpdateresAuto: "1",
      },
    ],
  });
  await shop.engine.open("crm", "kundeemne");
  const started = await shop.api("POST", "/v1/connections/erp/runs", { body: { kind: "preview", object: "debitor" } });
  await shop.engine.work();
  const preview = (await shop.api("GET", `/v1/runs/${started.body.id}`)).body;
  expect(preview.counts).toMatchObject({ read: 1, linked: 1, fieldsFilled: expect.any(Number) });
  expect(preview.detail.thirdSystems).toEqual({ "crm/kundeemne": { updates: 1, creates: 0 } });
  expect(shop.crm.log.writes("KundeEmner").length + shop.erp.log.writes("Debitorer").length).toBe(0);
  expect((await shop.api("GET", "/v1/kundeemner")).body.items[0].telefon).toBeNull();
  await shop.close();
});
