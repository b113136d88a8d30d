import { afterAll, beforeEach, expect, test } from "vitest";
import { editEntity } from "../../src/pipelines/edit.ts";
import { startUndo, workUndos } from "../../src/pipelines/undo.ts";
import { guardsOf } from "../support/crowd.ts";
import { person } from "../support/engine.ts";
import { openShop, type Shop, type ShopOptions } from "../support/shop.ts";
import { until } from "../support/until.ts";

const shops: Shop[] = [];
let shop: Shop;

const open = async (options: ShopOptions): Promise<void> => {
  shop = await openShop(options);
  shops.push(shop);
};
beforeEach(async () => {
  for (const each of shops.splice(0)) await each.close();
});
afterAll(async () => {
  for (const each of shops.splice(0)) await each.close();
});

const debitor = (Kontonr: string, SE_Nr: string, more: Record<string, string> = {}) => ({
  ...{ Kontonr, SE_Nr, Navn: `Firma ${Kontonr} ApS`, Søgenavn: `F${Kontonr}` },
  ...{ Adr1: "Havnen 1", PostNr: "5970", ByNavn: "Ærøskøbing", Telefon: `6252000${Kontonr.slice(-1)}` },
  ...more,
});
const three = [debitor("1001", "12345674"), debitor("1002", "25063864"), debitor("1003", "13585628")];

const edit = (id: string, patch: Record<string, string | boolean | null>) =>
  editEntity(shop.engine.deps, { entity: "kundeemne", id, patch, by: person });

/** The newest run of a connection that is no undo. */
const runOf = async (connection: string, object: string): Promise<number> => {
  const { body } = await shop.api("GET", `/v1/runs?connection=${connection}&kind=delta`);
  return body.items.find((run: { object: string }) => run.object === object).id;
};

/** Undoes through the API, works until nothing is due; gives the run and what became of each field. */
const undo = async (path: string, body: Record<string, unknown> = {}) => {
  const started = await shop.api("POST", path, { body });
  expect(started.status).toBe(202);
  expect(started.body).toMatchObject({ kind: "undo", state: "waiting" });
  await shop.engine.work();
  const run = (await shop.api("GET", `/v1/runs/${started.body.id}`)).body;
  const items = (await shop.api("GET", `/v1/runs/${started.body.id}/items?limit=500`)).body.items as {
    entityId: string;
    externalId: string;
    object: string;
    plan: string;
    detail: Record<string, unknown>;
  }[];
  const { read = 0, ...outcomes } = run.counts ?? {};
  expect(read).toBe(Object.values<number>(outcomes).reduce((sum, count) => sum + count, 0));
  expect(read).toBe(items.length);
  return { run, items, id: started.body.id as number };
};

const told = (items: Awaited<ReturnType<typeof undo>>["items"], id: string) =>
  items
    .filter((item) => item.entityId === id)
    .map(({ externalId, plan }) => `${externalId.split("/")[1]} ${plan}`)
    .sort();

test("R33 undoing a run writes the old values back here and at the remotes, where nobody has changed them since", async () => {
  await open({ debitorer: three });
  for (const { Kontonr } of three) shop.erp.control.put("Debitorer", Kontonr, { Telefon: "99887766" });
  shop.erp.control.put("Debitorer", "1001", { Adr1: "Forkert 9", PostNr: "8000", ByNavn: "Aarhus C" });
  await shop.settle();
  const run = await runOf("erp", "debitor");
  const [one, two, last] = await Promise.all(three.map(({ Kontonr }) => shop.find("erp", "debitor", Kontonr)));
  expect(one).toMatchObject({ telefon: "99887766", adresse1: "Forkert 9" });
  await edit(two.meta.id, { telefon: "70 10 20 30" });
  await shop.engine.work();

  const writes = shop.erp.log.writes("Debitorer", "1001").length;
  const before = (await shop.find("erp", "debitor", "1001")).meta.version;
  const preview = await undo(`/v1/runs/${run}/undo`, { preview: true });
  expect(preview.run).toMatchObject({ state: "done", counts: { read: 4, undone: 3, changed_since: 1 } });
  expect((await shop.find("erp", "debitor", "1001")).meta.version).toBe(before);
  expect(shop.erp.log.writes("Debitorer", "1001")).toHaveLength(writes);

  const done = await undo(`/v1/runs/${run}/undo`);
  expect(done.items).toEqual(preview.items);
  expect(told(done.items, one.meta.id)).toEqual(["adresse undone", "telefon undone"]);
  expect(told(done.items, two.meta.id)).toEqual(["telefon changed_since"]);
  expect(told(done.items, last.meta.id)).toEqual(["telefon undone"]);
  await shop.settle();
  expect(await shop.find("erp", "debitor", "1001")).toMatchObject({
    telefon: "62520001",
    ...{ adresse1: "Havnen 1", postnr: "5970", bynavn: "Ærøskøbing" },
  });
  const bodies = shop.erp.log.writes("Debitorer", "1001").map((entry) => entry.body);
  expect(bodies).toMatchObject([{ Telefon: "62520001", Adr1: "Havnen 1", PostNr: "5970", ByNavn: "Ærøskøbing" }]);
  expect(shop.erp.control.row("Debitorer", "1002")).toMatchObject({ Telefon: "70 10 20 30" });
  expect(await shop.rowOf(one.meta.id, "kundeemne")).toMatchObject({ Telefon: "62520001", Adr1: "Havnen 1" });

  const [entry] = (await shop.api("GET", `/v1/kundeemner/${one.meta.id}/history`)).body.items;
  expect(entry).toMatchObject({ kind: "undone", runId: done.id, by: { kind: "api" } });
  expect(entry.fields.telefon).toEqual({ from: "99887766", to: "62520001", rule: "R33:undone" });
  const why = (await shop.api("GET", `/v1/kundeemner/${one.meta.id}/explain?field=telefon`)).body.telefon;
  expect(why).toMatchObject({ rule: "R33:undone", losers: [{ value: { telefon: "99887766" } }] });

  const again = await undo(`/v1/runs/${done.id}/undo`);
  expect(again.run.counts).toEqual({ read: 3, undone: 3 });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Telefon: "99887766", Adr1: "Forkert 9" });
  expect(shop.erp.control.row("Debitorer", "1002")).toMatchObject({ Telefon: "70 10 20 30" });
});

test("R33 a Kundeemne that the run has made is archived, and undoing the undo takes it out of the archive", async () => {
  await open({ debitorer: three.slice(0, 1) });
  shop.erp.control.create("Debitorer", debitor("1002", "25063864", { Kontakt: "Bo Holm", Email: "bo@f.example" }));
  shop.erp.control.create("Debitorer", debitor("1003", "13585628"));
  await shop.settle();
  const run = await runOf("erp", "debitor");
  const made = await shop.find("erp", "debitor", "1002");
  const touched = await shop.find("erp", "debitor", "1003");
  await edit(touched.meta.id, { telefon: "70 10 20 30" });
  const done = await undo(`/v1/runs/${run}/undo`);
  expect(told(done.items, made.meta.id)).toEqual(["* archived"]);
  expect(told(done.items, touched.meta.id)).toEqual(["* changed_since"]);
  expect(done.run.counts).toEqual({ read: 3, archived: 2, changed_since: 1 });
  expect(await shop.find("erp", "debitor", "1002")).toMatchObject({ arkiveret: { vaerdi: true } });
  shop.erp.control.put("Debitorer", "1002", { Telefon: "11223344" });
  await shop.settle();
  expect(await shop.find("erp", "debitor", "1002")).toMatchObject({ telefon: "62520002" });

  await undo(`/v1/runs/${done.id}/undo`);
  await shop.settle();
  expect(await shop.find("erp", "debitor", "1002")).toMatchObject({ arkiveret: { vaerdi: false } });
});

test("R33 a contact that the run has made is unlinked, and whoever was primary before is so again", async () => {
  await open({
    kundeemner: [{ Kontonr: "1", Navn: "Ærø Bådværft K/S", SE_Nr: "12345674" }],
    kontaktpersoner: [{ Id: "1", EmneNr: "1", Navn: "Bo Holm", Primaer: "1", Email: "bo@aeroe.example" }],
  });
  shop.crm.control.create("Kontaktpersoner", {
    ...{ Id: "2", EmneNr: "1", Navn: "Ida Lund", Email: "ida@aeroe.example" },
  });
  await shop.settle();
  const run = await runOf("crm", "kontaktperson");
  const emne = await shop.find("crm", "kundeemne", "1");
  const { body } = await shop.api("GET", `/v1/kundeemner/${emne.meta.id}/kontaktpersoner`);
  const ida = body.items.find((each: { navn: string }) => each.navn === "Ida Lund");
  const done = await undo(`/v1/runs/${run}/undo`);
  expect(told(done.items, ida.meta.id)).toEqual(["* unlinked"]);
  const [link] = (await shop.api("GET", "/v1/links?connection=crm&object=kontaktperson&externalId=2")).body.items;
  expect(link).toMatchObject({ state: "unlinked", entityId: null });
  await shop.settle();
  const after = (await shop.api("GET", `/v1/kundeemner/${emne.meta.id}/kontaktpersoner`)).body.items;
  expect(after.map((each: { navn: string; primaer: boolean }) => [each.navn, each.primaer])).toEqual([
    ["Bo Holm", true],
    ["Ida Lund", false],
  ]);
  expect(shop.crm.control.rows("Kontaktpersoner")).toHaveLength(2);
});

test("R33 a withdrawn consent is not given again, one that was given wrongly is taken back, and no protection is touched", async () => {
  await open({
    kundeemner: [
      { Kontonr: "1", Navn: "Ada ApS", SE_Nr: "12345674", TilladKampagne: "1", MaaOpdateresAuto: "1" },
      { Kontonr: "2", Navn: "Bo ApS", SE_Nr: "25063864", TilladKampagne: "0", MaaOpdateresAuto: "0" },
    ],
  });
  shop.crm.control.put("KundeEmner", "1", { TilladKampagne: "0", MaaOpdateresAuto: "0" });
  shop.crm.control.put("KundeEmner", "2", { TilladKampagne: "1", MaaOpdateresAuto: "1" });
  await shop.settle();
  const run = await runOf("crm", "kundeemne");
  const [ada, bo] = [await shop.find("crm", "kundeemne", "1"), await shop.find("crm", "kundeemne", "2")];
  const done = await undo(`/v1/runs/${run}/undo`);
  expect(told(done.items, ada.meta.id)).toEqual(["maaOpdateresAutomatisk protection", "tilladKampagne consent"]);
  expect(told(done.items, bo.meta.id)).toEqual(["maaOpdateresAutomatisk protection", "tilladKampagne undone"]);
  await shop.settle();
  expect(shop.crm.control.row("KundeEmner", "1")).toMatchObject({ TilladKampagne: "0", MaaOpdateresAuto: "0" });
  expect(shop.crm.control.row("KundeEmner", "2")).toMatchObject({ TilladKampagne: "0", MaaOpdateresAuto: "1" });
});

test("R33 what a remote holds that may not be written is undone only with a pin, which goes with the undo of the undo", async () => {
  await open({ debitorer: [debitor("1001", "12345674", { KreditMax: "1000" })] });
  shop.erp.control.put("Debitorer", "1001", { KreditMax: "1200" });
  await shop.settle();
  const run = await runOf("erp", "debitor");
  const { meta, kreditMax } = await shop.find("erp", "debitor", "1001");
  expect(kreditMax).toBe("1200");
  const refused = await undo(`/v1/runs/${run}/undo`);
  expect(told(refused.items, meta.id)).toEqual(["kreditMax needs_pin"]);
  expect(refused.items[0]?.detail).toMatchObject({ remotes: ["erp/debitor"] });
  expect(await shop.find("erp", "debitor", "1001")).toMatchObject({ kreditMax: "1200" });

  const done = await undo(`/v1/runs/${run}/undo`, { pin: true });
  expect(told(done.items, meta.id)).toEqual(["kreditMax undone"]);
  shop.erp.control.put("Debitorer", "1001", { KreditMax: "8000" });
  await shop.settle();
  expect(await shop.find("erp", "debitor", "1001")).toMatchObject({ kreditMax: "1000" });
  const why = (await shop.api("GET", `/v1/kundeemner/${meta.id}/explain?field=kreditMax`)).body.kreditMax;
  expect(why).toMatchObject({ pinned: true });

  await undo(`/v1/runs/${done.id}/undo`);
  const after = (await shop.api("GET", `/v1/kundeemner/${meta.id}/explain?field=kreditMax`)).body.kreditMax;
  expect(after).toMatchObject({ value: { kreditMax: "1200" }, pinned: false });
});

test("R33 an empty field that the first meeting has filled is empty again everywhere but where the value came from", async () => {
  await open({
    kundeemner: [{ Kontonr: "1", Navn: "Ada ApS", SE_Nr: "12345674", Telefon: "33123456" }],
    debitorer: [{ Kontonr: "1001", Navn: "Ada ApS", SE_Nr: "12345674", Att: "Lager" }],
    armed: true,
    objects: { kreditor: { direction: "off" } },
  });
  await shop.engine.open("crm", "kundeemne");
  await shop.engine.settle("crm");
  await shop.engine.open("erp", "debitor");
  await shop.engine.settle("erp");
  const { meta, attention } = await shop.find("erp", "debitor", "1001");
  expect(attention).toBe("Lager");
  const { items: versions } = (await shop.api("GET", `/v1/kundeemner/${meta.id}/history`)).body;
  const run = versions.find((each: { fields: object }) => "attention" in each.fields).runId;
  expect(shop.crm.control.row("KundeEmner", "1")).toMatchObject({ Att: "Lager" });
  const done = await undo(`/v1/runs/${run}/undo`);
  expect(told(done.items, meta.id)).toEqual(["attention undone", "valuta needs_pin"]);
  await shop.settle();
  expect(await shop.find("erp", "debitor", "1001")).toMatchObject({ attention: null });
  expect(shop.crm.control.row("KundeEmner", "1")).toMatchObject({ Att: "" });
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Att: "Lager" });
  expect(shop.erp.log.writes("Debitorer", "1001").flatMap((entry) => Object.keys(Object(entry.body)))).not.toContain(
    "Att",
  );
  // A later edit there is an edit like any other.
  shop.erp.control.put("Debitorer", "1001", { Att: "Kontoret" });
  await shop.settle();
  expect(await shop.find("erp", "debitor", "1001")).toMatchObject({ attention: "Kontoret" });
});

test("R33 what a connection wrote with a mapping version, or in a window of time, is undone in the same way", async () => {
  await open({ debitorer: three });
  shop.erp.control.put("Debitorer", "1001", { Telefon: "99887766" });
  await shop.settle();
  const { meta } = await shop.find("erp", "debitor", "1001");
  const [entry] = (await shop.api("GET", `/v1/kundeemner/${meta.id}/history`)).body.items;
  const at = { connection: "erp", object: "debitor" };
  const none = await undo("/v1/undo", { ...at, mapping: "another", preview: true });
  expect(none.run).toMatchObject({ state: "done", counts: { read: 0 } });
  const window = await undo("/v1/undo", { ...at, from: entry.at, preview: true });
  expect(told(window.items, meta.id)).toEqual(["telefon undone"]);
  const done = await undo("/v1/undo", { ...at, mapping: entry.mappingVersion, from: entry.at });
  expect(told(done.items, meta.id)).toEqual(["telefon undone"]);
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Telefon: "62520001" });
  expect((await shop.api("POST", "/v1/undo", { body: at })).status).toBe(422);
  expect((await shop.api("POST", "/v1/undo", { body: { ...at, connection: "nobody", mapping: "x" } })).status).toBe(
    404,
  );
});

test("R33 a record that is archived or held is left, and a run that is not there or not over is refused", async () => {
  await open({ debitorer: three.slice(0, 2), config: { survivorship: { telefon: { rule: "manual" } } } });
  for (const Kontonr of ["1001", "1002"]) shop.erp.control.put("Debitorer", Kontonr, { Telefon: "99887766" });
  await shop.settle();
  const run = await runOf("erp", "debitor");
  const [one, two] = [await shop.find("erp", "debitor", "1001"), await shop.find("erp", "debitor", "1002")];
  await shop.engine.deps.db.sql`update kundeemner set arkiveret_vaerdi = true where id = ${one.meta.id}`;
  shop.erp.control.put("Debitorer", "1002", { Telefon: "11111111" });
  const crm = (await shop.api("GET", `/v1/kundeemner/${two.meta.id}/links`)).body.items.find(
    (each: { object: string }) => each.object === "kundeemne",
  );
  shop.crm.control.put("KundeEmner", crm.externalId, { Telefon: "22222222" });
  await shop.settle();
  expect((await shop.api("GET", "/v1/reviews?kind=conflict")).body.items).toHaveLength(1);
  const done = await undo(`/v1/runs/${run}/undo`, { preview: true });
  expect(told(done.items, one.meta.id)).toEqual(["telefon record_archived"]);
  expect(told(done.items, two.meta.id)).toHaveLength(1);
  expect((await shop.api("POST", "/v1/runs/999999/undo", { body: {} })).status).toBe(404);
  const waiting = await startUndo(shop.engine.deps, { target: { run }, by: person });
  expect((await shop.api("POST", `/v1/runs/${waiting.id}/undo`, { body: {} })).status).toBe(409);
});

test("R33 a large undo goes on where a worker has died, also while the connection is paused, and nothing is done twice", async () => {
  const rows = Array.from({ length: 120 }, (_, n) => ({
    Kontonr: String(5000 + n),
    Navn: `Firma ${n} ApS`,
    Telefon: "62521234",
  }));
  await open({
    debitorer: rows,
    objects: { kundeemne: { direction: "off" }, kontaktperson: { direction: "off" } },
    // All of them at once are more than the guards let through by themselves.
    config: guardsOf({}),
  });
  for (const { Kontonr } of rows) shop.erp.control.put("Debitorer", Kontonr, { Telefon: "99887766" });
  await shop.settle();
  const run = await runOf("erp", "debitor");
  const { deps } = shop.engine;
  await shop.api("POST", "/v1/connections/erp/pause");
  const { id } = await startUndo(deps, { target: { run }, by: person });
  const counts = async () => (await shop.api("GET", `/v1/runs/${id}`)).body.counts?.read ?? 0;
  // A process that is killed after a commit: whatever it calls next never answers.
  const dead = { ...deps.queue, due: () => new Promise<boolean>(() => undefined) };
  void workUndos({ ...deps, queue: dead }, 10);
  await until("one batch is through", async () => (await counts()) === 10);
  await Promise.all([workUndos(deps, 25), workUndos(deps, 25)]);
  const ended = (await shop.api("GET", `/v1/runs/${id}`)).body;
  expect(ended).toMatchObject({ state: "done", counts: { read: 120, undone: 120 } });
  const [twice] = await deps.db.sql`
    select count(*)::int as rows, count(distinct entity_id)::int as records from history where run_id = ${id}`;
  expect(twice).toEqual({ rows: 120, records: 120 });
  await shop.api("POST", "/v1/connections/erp/resume");
  await shop.settle();
  const phones = new Set(rows.map(({ Kontonr }) => shop.erp.control.row("Debitorer", Kontonr)?.Telefon));
  expect([...phones]).toEqual(["62521234"]);
}, 60_000);
