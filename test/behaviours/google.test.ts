import { afterEach, beforeEach, expect, test } from "vitest";
import { type PlacesService, startPlaces } from "../../simulators/directories/google.ts";
import { expire } from "../../src/pipelines/expire.ts";
import { setNow } from "../../src/store/clock.ts";
import { placeDocument } from "../support/directories.ts";
import { ok } from "../support/ok.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let google: PlacesService;
const DAY = 86_400_000;

beforeEach(async () => {
  google = await startPlaces([
    placeDocument({ id: "ChIJ-1", navn: "Nordisk Træ" }),
    placeDocument({ id: "ChIJ-2", navn: "Nordisk Træ", vej: "Kajen" }),
  ]);
  shop = await openShop({
    connections: {
      google: {
        connector: "google",
        settings: { baseUrl: google.baseUrl, apiKey: google.apiKey },
        objects: { sted: { direction: "in" } },
      },
    },
  });
});

afterEach(async () => {
  await shop?.close();
  await google?.close();
});

const post = (path: string, body: Record<string, unknown>) => shop.api("POST", path, { body });
const record = (id: string) => ok(shop.api("GET", `/v1/kundeemner/${id}`));
const make = async (fields: Record<string, unknown>): Promise<string> =>
  (await ok(post("/v1/kundeemner", fields), 201)).meta.id;
const taken = async (externalId: string): Promise<string> =>
  (await ok(post("/v1/lookups", { connection: "google", externalId }), 201)).kundeemneId;
const open = async (id: string): Promise<{ id: number; unit: string; revision: number }[]> =>
  (await ok(shop.api("GET", `/v1/reviews?kundeemne=${id}&state=open&kind=proposal`))).items;
const accept = async (id: string, unit: string): Promise<void> => {
  const review = (await open(id)).find((each) => each.unit === unit);
  await ok(
    post(`/v1/reviews/${review?.id}/decision`, { decision: "take_theirs", revision: review?.revision, why: "seen" }),
  );
};
const ahead = (ms: number) => setNow(shop.engine.deps.db.sql, new Date(Date.now() + ms));

test("S77 a place of Google fills name, address, postal code and town, country, telephone and coordinates, and nothing else", async () => {
  const { hits } = await ok(shop.api("GET", "/v1/lookups?q=Nordisk%20Tr%C3%A6"));
  // Two places of one name: both are shown, and neither is taken for the other.
  expect(hits.map(({ externalId }: { externalId: string }) => externalId)).toEqual(["ChIJ-1", "ChIJ-2"]);
  expect(hits[0]).toMatchObject({ attribution: "Google Maps", detail: "Nørregade 12, 5000 Odense C, Danmark" });
  const empty = await record(await make({ firmanavn: "Tom" }));
  const filled = await record(await taken("ChIJ-1"));
  expect(filled).toMatchObject({
    ...{ firmanavn: "Nordisk Træ", adresse1: "Nørregade 12", postnr: "5000", bynavn: "Odense C", landekode: "DK" },
    ...{ telefon: "+45 62 52 12 34", gps: { lat: "55.4", lng: "10.38", source: "google" } },
  });
  const own = [
    "kontonummer",
    "firmanavn",
    "soegenavn",
    "adresse1",
    "postnr",
    "bynavn",
    "landekode",
    "land",
    "telefon",
    "gps",
    "meta",
    "links",
  ];
  const rest = (of: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(of).filter(([field]) => !own.includes(field)));
  expect(rest(filled)).toEqual(rest(empty));
});

test("S19 an accepted address brings its coordinates; an address that changes by other means leaves them marked stale", async () => {
  const id = await make({
    firmanavn: "Nordisk Træ",
    adresse1: "Havnen 1",
    postnr: "5000",
    gps: { lat: "55.1", lng: "10.1" },
  });
  await ok(post(`/v1/kundeemner/${id}/lookup`, { connection: "google", externalId: "ChIJ-1" }));
  expect((await open(id)).map(({ unit }) => unit).sort()).toEqual(["adresse", "gps", "telefon"]);
  await accept(id, "adresse");
  expect(await record(id)).toMatchObject({
    adresse1: "Nørregade 12",
    gps: { lat: "55.4", lng: "10.38", precision: "place" },
  });
  expect((await open(id)).map(({ unit }) => unit)).toEqual(["telefon"]);
  // Another spelling of the same house is the same place.
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { adresse1: "Nørregade 12, 2. tv" } }));
  expect((await record(id)).gps).toMatchObject({ precision: "place" });
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { adresse1: "Vestergade 9" } }));
  expect((await record(id)).gps).toMatchObject({ lat: "55.4", precision: "stale" });
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { gps: { lat: "55.5", lng: "10.5" } } }));
  expect((await record(id)).gps).toMatchObject({ lat: "55.5", precision: null });
});

test("S19 an address that a ledger changes leaves the coordinates marked stale as well", async () => {
  shop.erp.control.create("Debitorer", {
    Kontonr: "1001",
    Navn: "Nordisk Træ",
    SE_Nr: "12345674",
    Adr1: "Havnen 1",
    PostNr: "5000",
  });
  await shop.settle();
  const { meta } = await shop.find("erp", "debitor", "1001");
  await ok(shop.api("PATCH", `/v1/kundeemner/${meta.id}`, { body: { gps: { lat: "55.1", lng: "10.1" } } }));
  await shop.settle();
  shop.erp.control.put("Debitorer", "1001", { Adr1: "Kajen 2" });
  await shop.settle();
  expect(await record(meta.id)).toMatchObject({ adresse1: "Kajen 2", gps: { lat: "55.1", precision: "stale" } });
});

test("R14 what Google set is not passed on to other systems; what a person accepted is", async () => {
  const id = await taken("ChIJ-1");
  await shop.settle();
  expect(await shop.rowOf(id, "kundeemne")).toBeUndefined();
  // A name is confirmed: the record is made there, of what is ours.
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { firmanavn: "Nordisk Træ ApS", telefon: "62521299" } }));
  await shop.settle();
  const made = await shop.rowOf(id, "kundeemne");
  expect(made).toMatchObject({ Navn: "Nordisk Træ ApS", Telefon: "62521299" });
  expect(made?.Adr1 ?? "").toBe("");
});

test("R14 content of Google is read again before its time is up", async () => {
  const id = await taken("ChIJ-1");
  google.put(placeDocument({ id: "ChIJ-1", navn: "Nordisk Træ", telefon: "62 52 00 00" }));
  await ahead(25 * DAY);
  await shop.engine.settle("google");
  expect((await record(id)).telefon).toBe("+45 62 52 00 00");
  await ahead(31 * DAY);
  await expire(shop.engine.deps);
  expect((await record(id)).telefon).toBe("+45 62 52 00 00");
});

test("R14 content that was not read again in time is dropped with the last answer and its history; the id and what a person took stay", async () => {
  const id = await taken("ChIJ-1");
  await ok(shop.api("PATCH", `/v1/kundeemner/${id}`, { body: { adresse1: "Nørregade 14" } }));
  await ahead(31 * DAY);
  expect(await expire(shop.engine.deps)).toBeGreaterThan(0);
  expect(await expire(shop.engine.deps)).toBe(0);
  const after = await record(id);
  expect(after).toMatchObject({ firmanavn: "Nordisk Træ", adresse1: "Nørregade 14", telefon: null });
  expect(after.gps).toMatchObject({ lat: null, lng: null });
  expect(after.links).toMatchObject([{ connection: "google", externalId: "ChIJ-1", state: "linked" }]);
  const kept = await shop.engine.deps.db.sql.unsafe(
    "select (select json_agg(l) from links l where connection = 'google')::text || (select json_agg(h.fields) from history h where entity_id = $1)::text as text",
    [id],
  );
  expect(kept[0]?.text).not.toContain("62 52 12 34");
  expect(kept[0]?.text).not.toContain("10.38");
});
