import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;

const account = (Kontonr: string, Navn: string, more: Record<string, string> = {}) => ({
  ...{
    Kontonr,
    Navn,
    Søgenavn: Navn.toUpperCase(),
    SE_Nr: "",
    Adr1: `Vej ${Kontonr}`,
    PostNr: "6700",
    ByNavn: "Esbjerg",
  },
  ...{ Land: "DK", Saldo: "0.00", SaldoVal: "0.00", Valuta: "DKK" },
  ...more,
});

beforeAll(async () => {
  const names = ["En", "To", "Tre", "Fire", "Fem", "Seks", "Syv", "Otte", "Ni", "Ti", "Elleve", "Tolv"];
  shop = await openShop({
    debitorer: names.map((name, n) => account(String(n + 1), `${name} ApS`)),
    objects: { kundeemne: { create: "in" }, kontaktperson: { create: "in" } },
  });
});
afterAll(() => shop?.close());

type Body = Record<string, unknown>;
const make = async (body: Body): Promise<string> => {
  const answer = await shop.api("POST", "/v1/kundeemner", { body });
  expect(answer.status).toBe(201);
  return answer.body.meta.id;
};
const get = async (id: string) => (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
const merge = (id: string, body: Body) => shop.api("POST", `/v1/kundeemner/${id}/merge`, { body });
const undo = (id: number, body: Body = {}) => shop.api("POST", `/v1/merges/${id}/undo`, { body });
const contact = async (id: string, body: Body): Promise<string> =>
  (await shop.api("POST", `/v1/kundeemner/${id}/kontaktpersoner`, { body })).body.meta.id;
const debitor = async (externalId: string) => (await shop.find("erp", "debitor", externalId)).meta.id as string;
const linksAt = async (externalId: string) =>
  (await shop.api("GET", `/v1/links?connection=erp&object=debitor&externalId=${externalId}`)).body.items[0];

test("R28 a dry run shows field by field whose value would stand and why, and does nothing", async () => {
  const a = await make({ firmanavn: "Nord ApS", telefon: "33123456", tilladKampagne: true, maalgrupper: ["A"] });
  const b = await make({ firmanavn: "Nord A/S", attention: "Bo", tilladKampagne: false, maalgrupper: ["B"] });
  const before = [await get(a), await get(b)];
  const answer = await merge(a, { other: b, dryRun: true });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ dryRun: true, merge: null, refusal: null, obstacles: [] });
  const fields = Object.fromEntries(answer.body.fields.map((each: { unit: string }) => [each.unit, each]));
  expect(fields.firmanavn).toMatchObject({ from: "survivor", rule: "R28:survivor", differs: true, choice: true });
  expect(fields.attention).toMatchObject({ from: "other", rule: "R28:only_one", differs: false });
  expect(fields.telefon).toMatchObject({ from: "survivor", rule: "R28:only_one" });
  expect(fields.tilladKampagne).toMatchObject({ from: "other", rule: "R28:stricter", choice: false });
  expect(fields.maalgrupper).toMatchObject({ from: "both", rule: "R28:united" });
  expect([await get(a), await get(b)]).toEqual(before);
});

test("R28 what hangs on the other record goes along, and its id tells where it went, for ever and to the end of the chain", async () => {
  const a = await make({ firmanavn: "Blive ApS" });
  const b = await make({ firmanavn: "Gå ApS", attention: "Bo", maaOpdateresAutomatisk: false });
  const bo = await contact(b, { navn: "Bo Berg", email: "bo@gaa.dk", primaer: true });
  await shop.api("POST", `/v1/kundeemner/${b}/aktiviteter`, {
    body: { type: "moede", dato: "2026-01-02", vaerdi: "100" },
  });
  await shop.api("POST", `/v1/kundeemner/${b}/noter`, { body: { tekst: "Ring i marts", kontaktpersonId: bo } });
  await shop.api("POST", `/v1/kundeemner/${b}/tilbud`, {
    body: { nr: "T1", beloeb: "250.00", valuta: "DKK", dato: "2026-01-02", status: "aabent" },
  });
  const { cursor } = (await shop.api("GET", "/v1/feed?after=latest")).body;
  const done = await merge(a, { other: b });
  expect(done.body).toMatchObject({
    repeated: false,
    moves: { kontaktpersoner: 1, aktiviteter: 1, noter: 1, tilbud: 1, opgaver: 0, leads: 0 },
  });
  expect(await get(a)).toMatchObject({
    attention: "Bo",
    vaerdi: "100",
    tilbudKr: "250",
    nyesteAkt: "2026-01-02",
    maaOpdateresAutomatisk: false,
    primaerKontaktId: bo,
  });
  const gone = await shop.api("GET", `/v1/kundeemner/${b}`);
  expect([gone.status, gone.body.code, gone.body.mergedInto]).toEqual([410, "merged", a]);
  for (const kind of ["aktiviteter", "noter", "tilbud", "kontaktpersoner"])
    expect((await shop.api("GET", `/v1/kundeemner/${a}/${kind}`)).body.items).toHaveLength(1);
  expect((await shop.api("GET", `/v1/kundeemner/${b}/links`)).body).toMatchObject({ status: 410, mergedInto: a });
  const list = await shop.api("GET", "/v1/kundeemner?limit=500&arkiveret=any");
  expect(list.body.items.map((each: { meta: { id: string } }) => each.meta.id)).not.toContain(b);
  const written = await shop.api("PATCH", `/v1/kundeemner/${b}`, { body: { telefon: "33123456" } });
  expect([written.status, written.body.mergedInto]).toEqual([410, a]);
  // History, explain and feed name it.
  expect((await shop.api("GET", `/v1/kundeemner/${a}/history`)).body.items).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        kind: "merged",
        fields: expect.objectContaining({ mergedFrom: expect.objectContaining({ to: b }) }),
      }),
    ]),
  );
  expect((await shop.api("GET", `/v1/kundeemner/${b}/history`)).body.items[0]).toMatchObject({
    kind: "merged",
    fields: { mergedInto: { from: null, to: a } },
  });
  const told = (
    await shop.api("GET", `/v1/kundeemner/${a}/explain?field=attention`, { headers: { "accept-language": "en" } })
  ).body.attention;
  expect(told).toMatchObject({ rule: "R28:only_one" });
  expect(JSON.stringify(told)).toContain("only one of the merged records had a value");
  const { entries } = (await shop.api("GET", `/v1/feed?limit=1000&after=${cursor}`)).body;
  expect(entries).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: a, kind: "merged", fields: expect.arrayContaining(["mergedFrom", "attention"]) }),
      expect.objectContaining({ id: b, kind: "merged", fields: ["mergedInto"] }),
      expect.objectContaining({ id: bo, kind: "moved", parentId: a, fields: ["kundeemneId"] }),
    ]),
  );
  // The same again is no change; and a chain is followed to its end.
  const version = (await get(a)).meta.version;
  const again = await merge(a, { other: b });
  expect([again.status, again.body.repeated, again.body.merge]).toEqual([200, true, done.body.merge]);
  expect((await get(a)).meta.version).toBe(version);
  const c = await make({ firmanavn: "Sidste ApS" });
  await merge(c, { other: a });
  expect((await shop.api("GET", `/v1/kundeemner/${b}`)).body.mergedInto).toBe(c);
  const merges = (await shop.api("GET", `/v1/kundeemner/${a}/merges`)).body.items;
  expect(merges).toMatchObject([
    { survivorId: c, otherId: a },
    { survivorId: a, otherId: b, by: "test admin", undoneAt: null },
  ]);
});

test("R28 two links to one ledger: a person says which one is written to, the other is read as proposals only", async () => {
  const [a, b] = [await debitor("1"), await debitor("2")];
  const unsaid = await merge(a, { other: b });
  expect([unsaid.status, unsaid.body.code]).toEqual([409, "main_link_needed"]);
  expect(unsaid.body.obstacles).toMatchObject([
    { code: "main_needed", connection: "erp", object: "debitor", links: [{ externalId: "1" }, { externalId: "2" }] },
  ]);
  const theirs = await linksAt("2");
  const done = await merge(a, { other: b, main: [theirs.id] });
  expect(done.status).toBe(200);
  expect(await linksAt("1")).toMatchObject({ entityId: a, state: "extra" });
  expect(await linksAt("2")).toMatchObject({ entityId: a, state: "linked" });
  await shop.api("PATCH", `/v1/kundeemner/${a}`, { body: { attention: "Ny" } });
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "2")).toMatchObject({ Navn: "En ApS" });
  expect(shop.erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "En ApS", Adr1: "Vej 1" });
  const writes = shop.erp.log.writes("Debitorer", "1").length;
  shop.erp.control.put("Debitorer", "1", { Telefon: "70102030" });
  await shop.settle();
  expect((await get(a)).telefon).not.toBe("70102030");
  const proposals = (await shop.api("GET", `/v1/reviews?kind=proposal&kundeemne=${a}`)).body.items;
  expect(proposals).toMatchObject([{ unit: "telefon", externalId: "1" }]);
  expect(shop.erp.log.writes("Debitorer", "1")).toHaveLength(writes);
});

test("R28 two companies by their CVR numbers are never merged", async () => {
  const a = await make({ firmanavn: "Søster ApS", cvrNr: "12345674" });
  const b = await make({ firmanavn: "Søster ApS", cvrNr: "13748136" });
  const refused = await shop.api("POST", `/v1/kundeemner/${a}/merge`, {
    body: { other: b },
    headers: { "accept-language": "da" },
  });
  expect([refused.status, refused.body.code]).toEqual([409, "merge_refused"]);
  expect(refused.body.obstacles).toEqual([{ code: "other_company" }]);
  expect(refused.body.detail).toMatch(/Ret det forkerte CVR-nummer/);
});

test("R28 nothing is merged while a write of either is uncertain, and the refusal names the write", async () => {
  const [a, b] = [await debitor("3"), await make({ firmanavn: "Tre Aps" })];
  await shop.api("PATCH", `/v1/kundeemner/${a}`, { body: { telefon: "33445566" } });
  await shop.engine.deps.db
    .sql`update deliveries set state = 'uncertain', due_at = kobling_now() + interval '1 hour' where entity_id = ${a}`;
  for (const [id, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const refused = await merge(id, { other });
    expect([refused.status, refused.body.code]).toEqual([409, "merge_uncertain"]);
    expect(refused.body.obstacles).toMatchObject([
      { code: "uncertain", what: "delivery", connection: "erp", object: "debitor", state: "uncertain" },
    ]);
  }
  await shop.engine.deps.db.sql`update deliveries set state = 'due', due_at = kobling_now() where entity_id = ${a}`;
  await shop.settle();
  expect((await merge(b, { other: a })).status).toBe(200);
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "3")).toMatchObject({ Navn: "Tre Aps", Telefon: "33445566" });
});

test("R28 a choice of a person stands, but never a looser consent, a computed field or one that a pin forbids", async () => {
  const a = await make({ firmanavn: "Valg ApS", telefon: "33123456", tilladKampagne: true });
  const b = await make({ firmanavn: "Valget ApS", telefon: "44556677" });
  const pin = await shop.api("PUT", `/v1/kundeemner/${b}/pins/telefon`, { body: { reason: "Direkte nummer" } });
  expect(pin.status).toBe(200);
  for (const [fields, pointer] of [
    [{ tilladKampagne: "survivor" }, "/fields/tilladKampagne"],
    [{ telefon: "survivor" }, "/fields/telefon"],
    [{ kontonummer: "other" }, "/fields/kontonummer"],
    [{ ukendt: "other" }, "/fields/ukendt"],
  ] as const) {
    const refused = await merge(a, { other: b, fields });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, pointer]);
  }
  await merge(a, { other: b, fields: { firmanavn: "other" } });
  expect(await get(a)).toMatchObject({ firmanavn: "Valget ApS", telefon: "44556677", tilladKampagne: false });
  const told = (await shop.api("GET", `/v1/kundeemner/${a}/explain?field=telefon`)).body.telefon;
  expect(told).toMatchObject({ pinned: true, losers: [{ value: { telefon: "33123456" }, rule: "R28:pinned" }] });
});

test("R28 R33 undo restores both; what was changed since is kept and listed", async () => {
  const [a, b] = [await make({ firmanavn: "Før ApS" }), await debitor("4")];
  const bo = await contact(b, { navn: "Bo Berg", email: "bo@fire.dk", primaer: true });
  await shop.api("POST", `/v1/kundeemner/${b}/aktiviteter`, {
    body: { type: "moede", dato: "2026-01-02", vaerdi: "7" },
  });
  await shop.api("PATCH", `/v1/kundeemner/${b}`, { body: { telefon: "33123456", attention: "Fire" } });
  await shop.settle();
  const before = [await get(a), await get(b)];
  const { merge: id } = (await merge(a, { other: b })).body;
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "4")).toMatchObject({ Navn: "Før ApS" });
  // Since then: a person edits here, the ledger edits there, an activity is added.
  await shop.api("PATCH", `/v1/kundeemner/${a}`, { body: { attention: "Ny" } });
  await shop.settle();
  shop.erp.control.put("Debitorer", "4", { Telefon: "99887766" });
  await shop.settle();
  expect((await get(a)).telefon).toBe("99887766");
  await shop.api("POST", `/v1/kundeemner/${a}/aktiviteter`, {
    body: { type: "moede", dato: "2026-01-03", vaerdi: "9" },
  });
  const trial = await undo(id, { dryRun: true });
  expect(trial.body).toMatchObject({ dryRun: true, refusal: null });
  expect((await shop.api("GET", `/v1/kundeemner/${b}`)).status).toBe(410);
  const undone = await undo(id);
  expect(undone.status).toBe(200);
  expect(undone.body.moves).toMatchObject({ links: 1, kontaktpersoner: 1, aktiviteter: 1 });
  expect(undone.body.left).toEqual(
    expect.arrayContaining([
      { what: "field", name: "attention", reason: "changed_since" },
      { what: "field", name: "telefon", reason: "changed_since" },
    ]),
  );
  await shop.settle();
  const [first, second] = [await get(a), await get(b)];
  expect(first).toMatchObject({ firmanavn: "Før ApS", attention: "Ny", vaerdi: "9", findesDeb: false });
  expect(first.kontaktpersoner).toEqual([]);
  // The ledger's own edit belongs to the record of its account; what our write had put there is taken back.
  expect(second).toMatchObject({
    firmanavn: before[1].firmanavn,
    telefon: "99887766",
    attention: "Fire",
    vaerdi: "7",
  });
  expect(second).toMatchObject({ findesDeb: true, primaerKontaktId: bo });
  expect(shop.erp.control.row("Debitorer", "4")).toMatchObject({ Navn: "Fire ApS", Telefon: "99887766" });
  expect(await linksAt("4")).toMatchObject({ entityId: b, state: "linked" });
  expect((await undo(id)).body.repeated).toBe(true);
  // To undo the undo, the two are merged again.
  expect((await merge(a, { other: b })).body.repeated).toBe(false);
});

test("R28 undo gives a record nothing that we had written to its account from another account of the same ledger", async () => {
  const [a, b] = [await debitor("11"), await debitor("12")];
  shop.erp.control.put("Debitorer", "11", { Telefon: "70102031" });
  await shop.settle();
  const { merge: id } = (await merge(a, { other: b, main: [(await linksAt("12")).id] })).body;
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "12")).toMatchObject({ Telefon: "70102031" });
  expect((await undo(id)).body).toMatchObject({ refusal: null, moves: { links: 1 } });
  expect((await get(b)).telefon).toBeNull();
  expect((await get(a)).telefon).toBe("70102031");
});

test("R16 R28 an open case goes along with its field, and comes back with an undo", async () => {
  const [a, b] = [await make({ firmanavn: "Sag ApS", telefon: "33123456" }), await debitor("5")];
  await shop.api("PATCH", `/v1/kundeemner/${b}`, { body: { maaOpdateresAutomatisk: false, telefon: "44556677" } });
  shop.erp.control.put("Debitorer", "5", { Telefon: "20202020" });
  await shop.engine.settle("erp");
  const cases = async (id: string) =>
    (await shop.api("GET", `/v1/reviews?kind=conflict&kundeemne=${id}`)).body.items.map(
      (each: { id: number; unit: string }) => [each.id, each.unit],
    );
  const open = await cases(b);
  expect(open).toEqual([[expect.any(Number), "telefon"]]);
  const { merge: id } = (await merge(a, { other: b })).body;
  expect(await cases(a)).toEqual(open);
  // The newer of the two values; the case goes on about it.
  expect((await get(a)).telefon).toBe("44556677");
  await undo(id);
  expect(await cases(a)).toEqual([]);
  expect(await cases(b)).toEqual(open);
  const [[review]] = open as [[number, string]];
  const { revision } = (await shop.api("GET", `/v1/reviews/${review}`)).body;
  const decided = await shop.api("POST", `/v1/reviews/${review}/decision`, {
    body: { decision: "take_theirs", revision },
  });
  expect(decided.status).toBe(200);
  expect((await get(b)).telefon).toBe("20202020");
});

test("R25 R28 what a person refused of one record is refused of both, and forbids merging with the record of that object", async () => {
  const [a, b] = [await make({ firmanavn: "Nej ApS" }), await debitor("6")];
  await shop.engine.deps.db.sql`insert into link_blocks (connection, object, entity_id, external_id, kind, by, at)
    values ('erp', 'debitor', ${a}, '6', 'refused', 'test', kobling_now()), ('erp', 'debitor', ${a}, '77', 'refused', 'test', kobling_now())`;
  const refused = await merge(a, { other: b });
  expect([refused.status, refused.body.code]).toEqual([409, "merge_refused"]);
  expect(refused.body.obstacles).toMatchObject([{ code: "refused_pair", externalId: "6" }]);
  const c = await make({ firmanavn: "Nej igen ApS" });
  expect((await merge(c, { other: a })).status).toBe(200);
  const blocks = await shop.engine.deps.db.sql`select external_id from link_blocks where entity_id = ${c} order by 1`;
  expect(blocks.map((row) => row.external_id)).toEqual(["6", "77"]);
});

test("R28 the archived, the erased, a record itself and one that moved are refused, each with its code", async () => {
  const [a, b] = [await make({ firmanavn: "Lukket ApS" }), await make({ firmanavn: "Arkiveret ApS" })];
  await shop.api("POST", `/v1/kundeemner/${b}/archive`, { body: { reason: "Ophørt" } });
  expect((await merge(a, { other: b })).body).toMatchObject({ status: 409, code: "record_closed" });
  expect((await merge(a, { other: a })).body).toMatchObject({ status: 422, code: "bad_value" });
  expect((await merge(a, { other: "0199c0de-0000-7000-8000-000000000000" })).status).toBe(404);
  const stale = await shop.api("POST", `/v1/kundeemner/${a}/merge`, {
    body: { other: b },
    headers: { "if-match": '"7"' },
  });
  expect(stale.status).toBe(412);
  expect((await undo(999_999)).status).toBe(404);
});
