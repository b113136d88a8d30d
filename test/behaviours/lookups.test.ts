import { afterEach, beforeEach, expect, test } from "vitest";
import { type AddressService, startAddressService } from "../../simulators/directories/addresses.ts";
import { type CvrIndex, startCvr } from "../../simulators/directories/cvr.ts";
import { setNow } from "../../src/store/clock.ts";
import { companyDocument, places } from "../support/directories.ts";
import { ok } from "../support/ok.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let cvr: CvrIndex;
let addresses: AddressService;

const DAY = 86_400_000;
const NORD = { cvr: "12345674", navn: "Nordisk Træ ApS", telefon: "70102030" };

beforeEach(async () => {
  cvr = await startCvr([
    companyDocument(NORD),
    companyDocument({ cvr: "45123456", navn: "Havnens Is ApS", vejnavn: "Kajen", husnummer: 2, telefon: "86123456" }),
    companyDocument({ cvr: "10150817", navn: "Myndigheden" }),
  ]);
  addresses = await startAddressService(places);
  shop = await openShop({
    connections: {
      register: {
        connector: "cvr",
        settings: { baseUrl: cvr.baseUrl, user: cvr.user, password: cvr.password, feed: false },
        objects: { virksomhed: { direction: "in" } },
        refresh: { after: "30d", perDay: 2 },
      },
      adresser: {
        connector: "addresses",
        settings: { baseUrl: addresses.baseUrl, token: addresses.token, acceptUnverifiedContract: true },
        objects: { adresse: { direction: "in" } },
      },
    },
  });
});

afterEach(async () => {
  await shop?.close();
  await cvr?.close();
  await addresses?.close();
});

const post = (path: string, body: Record<string, unknown>) => shop.api("POST", path, { body });
const make = async (fields: Record<string, unknown>): Promise<string> =>
  (await ok(post("/v1/kundeemner", fields), 201)).meta.id;
const record = (id: string) => ok(shop.api("GET", `/v1/kundeemner/${id}`));
const search = (q: string, more = "") => ok(shop.api("GET", `/v1/lookups?q=${encodeURIComponent(q)}${more}`));
const look = (id: string, body: Record<string, unknown>) => ok(post(`/v1/kundeemner/${id}/lookup`, body));
interface Waiting {
  readonly id: number;
  readonly unit: string;
  readonly revision: number;
}
const proposals = async (id: string): Promise<Waiting[]> =>
  (await ok(shop.api("GET", `/v1/reviews?kundeemne=${id}&state=open&kind=proposal`))).items;
const decide = ({ id, revision }: Waiting, decision: "take_theirs" | "keep_ours") =>
  ok(post(`/v1/reviews/${id}/decision`, { decision, revision, why: "looked at" }));

test("S16 an address look-up fills address, postal code and town, country and coordinates by accepted proposals, and nothing else", async () => {
  const id = await make({
    firmanavn: "Prøve ApS",
    adresse1: "Norregade 12, 2. tv",
    postnr: "5000",
    telefon: "62521234",
  });
  const before = await record(id);
  const found = await look(id, { connection: "adresser", text: "Nørregade 12, 2. tv, 5000 Odense C" });
  expect(found).toMatchObject({ state: "taken", externalId: "a-1", hits: [] });
  // Nothing is written by itself, not even into what is empty.
  expect((await record(id)).meta.version).toBe(before.meta.version);
  const waiting = await proposals(id);
  expect(waiting.map(({ unit }) => unit).sort()).toEqual(["adresse", "gps"]);
  expect(found.proposals.toSorted()).toEqual(waiting.map((each) => each.id).toSorted());
  for (const each of waiting) await decide(each, "take_theirs");
  const after = await record(id);
  expect(after).toMatchObject({
    ...{ adresse1: "Nørregade 12, 2. tv", postnr: "5000", bynavn: "Odense C", landekode: "DK" },
    gps: { lat: "55.4002426", lng: "10.3816949", source: "dar" },
  });
  const rest = ({ adresse1, postnr, bynavn, landekode, land, gps, meta, links, ...others }: Record<string, unknown>) =>
    others;
  expect(rest(after)).toEqual(rest(before));
});

test("S16 a field is accepted or refused by itself, and what was refused is not proposed again until the directory says something else", async () => {
  const id = await make({ firmanavn: "Nordisk Trae", cvrNr: NORD.cvr, telefon: "62521234" });
  await look(id, { connection: "register" });
  const waiting = await proposals(id);
  for (const each of waiting) {
    if (each.unit === "firmanavn") await decide(each, "take_theirs");
    if (each.unit === "telefon") await decide(each, "keep_ours");
  }
  expect(await record(id)).toMatchObject({ firmanavn: "Nordisk Træ ApS", telefon: "62521234" });
  await look(id, { connection: "register" });
  expect((await proposals(id)).map(({ unit }) => unit)).not.toContain("telefon");
  cvr.put(companyDocument({ ...NORD, telefon: "70102031" }));
  await look(id, { connection: "register" });
  expect((await proposals(id)).map(({ unit }) => unit)).toContain("telefon");
});

test("S16 protection against advertising is taken at once: it is the law's, not a person's to turn down", async () => {
  cvr.put(companyDocument({ ...NORD, beskyttet: true }));
  const id = await make({ firmanavn: "Nordisk Træ ApS", cvrNr: NORD.cvr });
  await look(id, { connection: "register" });
  expect((await record(id)).reklamebeskyttet).toMatchObject({ vaerdi: true });
  expect((await proposals(id)).map(({ unit }) => unit)).not.toContain("reklamebeskyttet");
});

test("S16 where several could be meant they are given back, and nothing is taken", async () => {
  const id = await make({ firmanavn: "Prøve ApS", adresse1: "Nørregade 12", postnr: "5000", bynavn: "Odense C" });
  const found = await look(id, { connection: "adresser" });
  expect(found).toMatchObject({ state: "several", linkId: null, proposals: [] });
  expect(found.hits.map(({ externalId }: { externalId: string }) => externalId)).toEqual(["a-1", "a-2"]);
  expect(await proposals(id)).toEqual([]);
  // A person chooses.
  expect(await look(id, { connection: "adresser", externalId: "a-2" })).toMatchObject({
    state: "taken",
    externalId: "a-2",
  });
  expect(await look(id, { connection: "adresser", text: "Findes Ikke 9, 5000 Odense C" })).toMatchObject({
    state: "none",
    hits: [],
  });
});

test("S17 a hit becomes a Kundeemne in one request, filled by what the directory says", async () => {
  const { hits } = await search("Nordisk Træ", "&sources=register");
  expect(hits).toMatchObject([
    {
      connection: "register",
      object: "virksomhed",
      externalId: NORD.cvr,
      title: "Nordisk Træ ApS",
      kundeemneId: null,
      attribution: "CVR",
    },
  ]);
  const body = { connection: "register", externalId: hits[0].externalId };
  const made = await ok(post("/v1/lookups", body), 201);
  expect(made).toMatchObject({ outcome: "made", review: null });
  expect(await record(made.kundeemneId)).toMatchObject({
    ...{
      firmanavn: "Nordisk Træ ApS",
      cvrNr: NORD.cvr,
      adresse1: "Nørregade 12",
      postnr: "5000",
      bynavn: "Odense C",
      telefon: "70102030",
    },
    ...{
      branche: { kode: "433200", klassifikation: "DB25" },
      virksomhedsform: "80",
      reklamebeskyttet: { vaerdi: false },
    },
  });
  expect(await proposals(made.kundeemneId)).toEqual([]);
  // Once more is the same one; a search says that it is there.
  expect(await ok(post("/v1/lookups", body))).toMatchObject({
    outcome: "known",
    kundeemneId: made.kundeemneId,
  });
  expect((await search(NORD.cvr)).hits[0]).toMatchObject({ kundeemneId: made.kundeemneId, score: 1 });
});

test("S17 a company that is known is linked in place of being made, and one that may be known is a person's to decide", async () => {
  const known = await make({ firmanavn: "Nordisk Træ", cvrNr: NORD.cvr });
  const linked = await ok(post("/v1/lookups", { connection: "register", externalId: NORD.cvr }));
  expect(linked).toMatchObject({ outcome: "linked", kundeemneId: known });
  expect((await record(known)).telefon).toBeNull();
  expect((await proposals(known)).map(({ unit }) => unit)).toContain("telefon");
  const [one, two] = [
    await make({ firmanavn: "Havnens Is", cvrNr: "45123456" }),
    await make({ firmanavn: "Havnens Is Salg", cvrNr: "45123456" }),
  ];
  const unsure = await ok(post("/v1/lookups", { connection: "register", externalId: "45123456" }), 202);
  expect(unsure).toMatchObject({ outcome: "undecided", kundeemneId: null });
  const review = await ok(shop.api("GET", `/v1/reviews/${unsure.review}`));
  expect(review).toMatchObject({ kind: "match_case", connection: "register" });
  expect([one, two].every((id) => JSON.stringify(review.detail).includes(id))).toBe(true);
  // Of a place alone no company can be made.
  const place = await post("/v1/lookups", { connection: "adresser", externalId: "a-1" });
  expect(place).toMatchObject({ status: 422, body: { errors: [{ pointer: "/firmanavn", code: "bad_shape" }] } });
});

test.each([
  ["an outage", { kind: "status", status: 503 }, "unavailable", 503],
  ["a used up quota", { kind: "status", status: 429, retryAfter: 60 }, "rate_limited", 503],
  ["a refused key", { kind: "status", status: 401 }, "unauthorized", 502],
  ["a malformed answer", { kind: "malformed" }, "bad_answer", 422],
] as const)(
  "S18 %s of a directory leaves the record unchanged and is told, also by status",
  async (_, fault, code, status) => {
    const id = await make({ firmanavn: "Nordisk Trae", cvrNr: NORD.cvr });
    const before = await record(id);
    cvr.strike(fault);
    const found = await search("Nørregade 12");
    expect(found.failed).toEqual([{ connection: "register", code }]);
    expect(found.hits.map(({ connection }: { connection: string }) => connection)).toEqual(["adresser", "adresser"]);
    cvr.strike(fault);
    expect((await post(`/v1/kundeemner/${id}/lookup`, { connection: "register", externalId: NORD.cvr })).status).toBe(
      status,
    );
    expect(await record(id)).toEqual(before);
    expect((await ok(shop.api("GET", "/v1/connections/register"))).lastError).toBe(code);
  },
);

test("S78 with maaOpdateresAutomatisk off a refresh writes nothing and lists what it would have changed; a look-up by hand still proposes", async () => {
  const id = await make({ firmanavn: "Nordisk Træ ApS", cvrNr: NORD.cvr, maaOpdateresAutomatisk: false });
  await look(id, { connection: "register" });
  for (const each of await proposals(id)) await decide(each, "take_theirs");
  expect((await record(id)).telefon).toBe("70102030");
  cvr.put(companyDocument({ ...NORD, telefon: "70102039", status: "UNDER KONKURS" }));
  await shop.settle();
  const before = await record(id);
  await refreshAfter(31 * DAY);
  expect(await record(id)).toMatchObject({ telefon: "70102030", meta: { version: before.meta.version } });
  expect((await proposals(id)).map(({ unit }) => unit).sort()).toEqual(["cvrStatus", "telefon"]);
});

test("S80 values are kept fresh by the schedule, oldest first, within the budget of the day, and not read before their time", async () => {
  const ids: string[] = [];
  for (const externalId of [NORD.cvr, "45123456", "10150817"])
    ids.push((await ok(post("/v1/lookups", { connection: "register", externalId }), 201)).kundeemneId);
  const reads = (): number => cvr.log.length;
  let asked = reads();
  await refreshAfter(29 * DAY);
  expect(reads()).toBe(asked);
  cvr.put(companyDocument({ ...NORD, telefon: "70102039" }));
  await refreshAfter(31 * DAY);
  expect(reads() - asked).toBe(2);
  expect((await record(ids[0] ?? "")).telefon).toBe("70102039");
  asked = reads();
  await refreshAfter(31 * DAY + 1000);
  expect(reads()).toBe(asked);
  await refreshAfter(32 * DAY);
  expect(reads() - asked).toBe(1);
});

test("S80 a quota ends the refresh for now, and the next turn goes on", async () => {
  await ok(post("/v1/lookups", { connection: "register", externalId: NORD.cvr }), 201);
  cvr.put(companyDocument({ ...NORD, telefon: "70102039" }));
  cvr.strike({ kind: "status", status: 429, retryAfter: 3600 });
  await refreshAfter(31 * DAY);
  const { items } = await ok(shop.api("GET", "/v1/kundeemner?telefon=70102030"));
  expect(items).toHaveLength(1);
  await refreshAfter(31 * DAY + 2000);
  expect((await ok(shop.api("GET", "/v1/kundeemner?telefon=70102039"))).items).toHaveLength(1);
});

test("S80 a manual edit newer than what the directory says is not overwritten silently", async () => {
  const { kundeemneId: id } = await ok(post("/v1/lookups", { connection: "register", externalId: NORD.cvr }), 201);
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { firmanavn: "Nordisk Træ & Finér ApS" } }));
  cvr.put(companyDocument({ ...NORD, navn: "Nordisk Træ Holding ApS" }));
  await refreshAfter(31 * DAY);
  expect((await record(id)).firmanavn).toBe("Nordisk Træ & Finér ApS");
  const open = (await ok(shop.api("GET", `/v1/reviews?kundeemne=${id}&state=open`))).items;
  expect(open).toMatchObject([{ unit: "firmanavn", connection: "register" }]);
});

test("S79 a value of a directory carries its source and time, and reaches the debitor like every other", async () => {
  shop.erp.control.create("Debitorer", {
    Kontonr: "1001",
    Navn: "Nordisk Træ ApS",
    SE_Nr: NORD.cvr,
    Telefon: "62521234",
  });
  await shop.settle();
  const { meta } = await shop.find("erp", "debitor", "1001");
  await look(meta.id, { connection: "register" });
  for (const each of await proposals(meta.id)) if (each.unit === "telefon") await decide(each, "take_theirs");
  await shop.settle();
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ Telefon: "70102030" });
  const told = await ok(shop.api("GET", `/v1/kundeemner/${meta.id}/explain?field=telefon`));
  expect(JSON.stringify(told)).toContain("register");
  const { items } = await ok(shop.api("GET", `/v1/kundeemner/${meta.id}/links`));
  expect(items.find((each: { connection: string }) => each.connection === "register")).toMatchObject({
    ...{ object: "virksomhed", externalId: NORD.cvr, state: "linked" },
    lastReadAt: expect.any(String),
  });
});

test("S81 one object of a directory stands for one Kundeemne: a second one is told which has it", async () => {
  const { kundeemneId, linkId } = await ok(post("/v1/lookups", { connection: "register", externalId: NORD.cvr }), 201);
  const other = await make({ firmanavn: "Noget Andet ApS" });
  const refused = await post(`/v1/kundeemner/${other}/lookup`, {
    connection: "register",
    externalId: NORD.cvr,
  });
  expect(refused).toMatchObject({ status: 409, body: { code: "exists" } });
  expect((await ok(shop.api("GET", `/v1/kundeemner/${kundeemneId}/links`))).items).toMatchObject([{ id: linkId }]);
});

test("a connection that is no directory, an unknown one and an unknown source are told", async () => {
  const id = await make({ firmanavn: "Prøve ApS" });
  expect(await post(`/v1/kundeemner/${id}/lookup`, { connection: "erp" })).toMatchObject({
    status: 422,
    body: { code: "cannot_be_asked" },
  });
  expect(await post(`/v1/kundeemner/${id}/lookup`, { connection: "findesikke" })).toMatchObject({
    status: 404,
  });
  expect(await post("/v1/lookups", { connection: "register", object: "sted", externalId: "1" })).toMatchObject({
    status: 422,
  });
  expect(await post("/v1/lookups", { connection: "register", externalId: "00000000" })).toMatchObject({
    status: 404,
  });
  expect(await shop.api("GET", "/v1/lookups?q=x&sources=krak")).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/sources", detail: expect.stringContaining("register, adresser") }] },
  });
});

/** Sets the clock so far ahead of now and lets the schedule read. */
async function refreshAfter(ms: number): Promise<void> {
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + ms));
  await shop.engine.settle("register");
}
