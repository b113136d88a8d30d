import { beforeAll, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { testApi } from "../support/api.ts";
import type { CheckedClient } from "../support/checked-client.ts";
import { createTestDatabase } from "../support/database.ts";
import { storeRecord } from "../support/stored-records.ts";

let database: Database;
let api: CheckedClient;
const ids = new Map<string, string>();

const PLACES = [
  ["Aarhus", "56.1629000", "10.2039000"],
  ["Risskov", "56.1933000", "10.2348000"],
  ["Odense", "55.4038", "10.4024"],
  ["København", "55.6761", "12.5683"],
  ["Suva", "-18.1416", "178.4419"],
  ["Apia", "-13.8333", "-171.7667"],
] as const;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await testApi(database).as("read");
  for (const [firmanavn, lat, lng] of PLACES)
    ids.set(firmanavn, await storeRecord(database.sql, "kundeemne", { firmanavn, "gps.lat": lat, "gps.lng": lng }));
  ids.set("Uden", await storeRecord(database.sql, "kundeemne", { firmanavn: "Uden sted", postnr: "8000" }));
  const hidden = { firmanavn: "Gemt", "gps.lat": "56.16", "gps.lng": "10.2", "arkiveret.vaerdi": true };
  ids.set("Gemt", await storeRecord(database.sql, "kundeemne", hidden));
});

const namesIn = async (query: string): Promise<string[]> => {
  const answer = await api("GET", `/v1/kundeemner?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.items.map((each: { firmanavn: string }) => each.firmanavn);
};
const idOf = (name: string): string => ids.get(name) ?? "";

test.each([
  ["bbox=9.9,56.0,10.4,56.3", ["Aarhus", "Risskov"]],
  ["bbox=10.2039,56.1629,10.2039,56.1629", ["Aarhus"]],
  ["bbox=170,-20,-170,-10", ["Suva", "Apia"]],
  ["near=56.1629,10.2039,3800", ["Aarhus"]],
  ["near=56.1629,10.2039,4000", ["Aarhus", "Risskov"]],
  ["near=-16,180,1100000", ["Suva", "Apia"]],
  ["near=55.4038,10.4024,0", ["Odense"]],
  ["polygon=9,55;11,55;11,57;9,57", ["Aarhus", "Risskov", "Odense"]],
  ["polygon=10.3,55;13,55;13,56;10.3,56;10.3,55&near=55.6761,12.5683,10000", ["København"]],
  ["near=56.1629,10.2039,4000&arkiveret=any&sort=firmanavn", ["Gemt", "Risskov", "Aarhus"]],
])("S20 the list can be asked for a part of the map: %s", async (query, expected) => {
  expect(await namesIn(query)).toEqual(expected);
});

test.each([
  ["bbox=9,57,10,56", "/bbox"],
  ["bbox=9,56,10", "/bbox"],
  ["near=91,10,5", "/near"],
  ["near=56,10,-5", "/near"],
  ["near=56,10,5 km", "/near"],
  ["polygon=9,55;11,55", "/polygon"],
  ["polygon=9,55;11,55;x", "/polygon"],
])("S20 a part of the map that is none is refused: %s", async (query, pointer) => {
  for (const language of ["da", "en"]) {
    const headers = { "accept-language": language };
    const answer = await api("GET", `/v1/kundeemner?${query}`, { headers });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer, code: "bad_value" }] });
    expect(answer.body.errors[0].detail).not.toMatch(/bbox|near|polygon|[{]/);
  }
});

test("S20 the map's questions are answered from an index over positions", async () => {
  await database.sql`
    insert into kundeemner (id, version, created_at, updated_at, provenance, kontonummer, gps_lat, gps_lng)
    select gen_random_uuid(), 1, kobling_now(), kobling_now(), '{"s":[],"u":{}}', 'p' || n, 54.5 + (n % 300) / 100.0, 8 + (n % 700) / 100.0
    from generate_series(1, 5000) n`;
  await database.sql`analyze kundeemner`;
  const plan = await database.sql`
    explain select id from kundeemner e where e.gps_lat is not null and e.gps_lng is not null
      and point(e.gps_lng::float8, e.gps_lat::float8) <@ box(point(9.9, 56.0), point(10.0, 56.1))`;
  expect(JSON.stringify(plan)).toContain("kundeemner_position");
  await database.sql`delete from kundeemner where kontonummer like 'p%'`;
});

test("S20 the list is GeoJSON where that is asked for, with points in decimals, page by page", async () => {
  const headers = { accept: "application/geo+json" };
  const first = await api("GET", "/v1/kundeemner?sort=firmanavn&limit=2&near=56.1629,10.2039,4000", { headers });
  expect(first.headers.get("content-type")).toMatch(/^application\/geo\+json/);
  expect(first.headers.get("vary")).toMatch(/Accept/);
  expect(first.body).toMatchObject({
    type: "FeatureCollection",
    features: [
      {
        ...{ type: "Feature", id: idOf("Risskov") },
        geometry: { type: "Point", coordinates: [10.2348, 56.1933] },
        properties: { firmanavn: "Risskov", gps: { lat: "56.1933000", lng: "10.2348000" } },
      },
      { geometry: { coordinates: [10.2039, 56.1629] } },
    ],
    next: null,
  });
  const unplaced = await api("GET", "/v1/kundeemner?postnr=8000", { headers });
  expect(unplaced.body.features).toMatchObject([{ geometry: null, properties: { firmanavn: "Uden sted" } }]);
  const page = await api("GET", "/v1/kundeemner?limit=1", { headers });
  expect(page.body.next).toEqual(expect.any(String));
  expect(
    (await api("GET", "/v1/kundeemner?limit=1", { headers: { accept: "text/html,*/*" } })).body.items,
  ).toHaveLength(1);
});

test("S20 a visit plan orders emner from start to end, and says who cannot be visited and why", async () => {
  const stranger = "0199c0de-0000-7000-8000-000000000000";
  const body = {
    start: { lat: 56.2, lng: 10.25 },
    end: { lat: 55.6, lng: 12.6 },
    kundeemner: [...["København", "Odense", "Aarhus", "Risskov", "Uden", "Gemt"].map(idOf), stranger],
  };
  const { body: plan, status } = await api("POST", "/v1/visit-plans", { body });
  expect(status).toBe(200);
  expect(plan.stops.map((each: { firmanavn: string }) => each.firmanavn)).toEqual([
    ...["Risskov", "Aarhus", "Odense", "København"],
  ]);
  expect(plan.stops[3].metres).toBeGreaterThan(130_000);
  const legs = plan.stops.reduce((all: number, each: { metres: number }) => all + each.metres, plan.metresToEnd);
  expect(Math.abs(plan.metres - legs)).toBeLessThan(5);
  expect(plan.left).toEqual([
    { kundeemneId: idOf("Uden"), reason: "no_position" },
    { kundeemneId: idOf("Gemt"), reason: "archived" },
    { kundeemneId: stranger, reason: "not_found" },
  ]);
  const open = (await api("POST", "/v1/visit-plans", { body: { ...body, end: undefined } })).body;
  expect(open).toMatchObject({ metresToEnd: null, stops: { length: 4 } });
  const faulty = await api("POST", "/v1/visit-plans", { body: { start: { lat: 91, lng: 0 }, kundeemner: [] } });
  expect(faulty.body.errors.map((each: { pointer: string }) => each.pointer)).toEqual(["/start/lat", "/kundeemner"]);
});
