import { afterEach, beforeEach, expect, test } from "vitest";
import { startAddressService } from "../../simulators/directories/addresses.ts";
import { startCvr } from "../../simulators/directories/cvr.ts";
import { startPlaces } from "../../simulators/directories/google.ts";
import { startCreditBureau } from "../../simulators/directories/kob.ts";
import { startCompanySearch } from "../../simulators/directories/krak.ts";
import type { DirectorySimulator, Fault } from "../../simulators/directories/server.ts";
import { startNne } from "../../simulators/directories/tdc.ts";
import { connectors } from "../../src/connectors/index.ts";
import { adverts, companyDocument, nneCompanies, placeDocument, places, reported } from "../support/directories.ts";
import { quietLog } from "../support/quiet-log.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
const simulators = new Map<string, DirectorySimulator>();
const secrets: string[] = [];
/** Masks nothing: what a line never held need not be masked. */
const { log, lines } = quietLog();

beforeEach(async () => {
  const authority = companyDocument({ cvr: "10150817", navn: "Myndigheden" });
  const cvr = await startCvr([companyDocument({ cvr: "12345674", navn: "Nordisk Træ ApS" }), authority]);
  const google = await startPlaces([placeDocument({ id: "ChIJ-1", navn: "Nordisk Træ" })]);
  const [addresses, krak] = [await startAddressService(places), await startCompanySearch(adverts)];
  const [kob, tdc] = [await startCreditBureau(reported), await startNne(nneCompanies)];
  for (const [name, each] of Object.entries({ cvr, google, addresses, krak, kob, tdc })) simulators.set(name, each);
  const basic = Buffer.from(`${cvr.user}:${cvr.password}`).toString("base64");
  secrets.push(cvr.password, basic, google.apiKey, addresses.token, krak.key, kob.key, tdc.key);
  const accepted = { acceptUnverifiedContract: true };
  const directory = (connector: string, settings: Record<string, unknown>, object = "firma") => ({
    ...{ connector, settings, objects: { [object]: { direction: "in" } } },
    refresh: { after: "1ms", feed: "1ms", perDay: 1000 },
  });
  shop = await openShop({
    log,
    connections: {
      cvr: directory("cvr", { baseUrl: cvr.baseUrl, user: cvr.user, password: cvr.password }, "virksomhed"),
      google: directory("google", { baseUrl: google.baseUrl, apiKey: google.apiKey }, "sted"),
      addresses: directory("addresses", { baseUrl: addresses.baseUrl, token: addresses.token, ...accepted }, "adresse"),
      krak: directory("krak", { baseUrl: krak.baseUrl, profile: krak.profile, key: krak.key, ...accepted }),
      kob: directory("kob", { baseUrl: kob.baseUrl, key: kob.key, purpose: "Nye kunder", ...accepted }),
      tdc: directory("tdc", { baseUrl: tdc.baseUrl, key: tdc.key, ...accepted }),
    },
  });
});

afterEach(async () => {
  await shop?.close();
  for (const each of simulators.values()) await each.close();
});

const faults: readonly Fault[] = [
  { kind: "reset" },
  { kind: "status", status: 503 },
  { kind: "status", status: 429, retryAfter: 60 },
  { kind: "malformed" },
  { kind: "empty" },
  { kind: "status", status: 401 },
];
const words: Readonly<Record<string, string>> = { google: "Nordisk Træ", addresses: "Nørregade 12, 5000 Odense C" };

test("S18 no secret of a directory is in any log, answer, metric or row, whatever the directory answers", async () => {
  expect([...simulators.keys()].sort()).toEqual(
    connectors
      .filter((each) => each.directory)
      .map(({ name }) => name)
      .sort(),
  );
  const answers: string[] = [];
  const api = async (...call: Parameters<Shop["api"]>): Promise<unknown> => {
    const { body, text } = await shop.api(...call);
    answers.push(text ?? JSON.stringify(body));
    return body;
  };
  for (const [name, simulator] of simulators) {
    const search = () => api("GET", `/v1/lookups?sources=${name}&q=${encodeURIComponent(words[name] ?? "12345674")}`);
    const found = (await search()) as { hits: { externalId: string }[] };
    const [hit] = found.hits;
    expect({ name, hit }).toMatchObject({ hit: { externalId: expect.any(String) } });
    const externalId = hit?.externalId ?? "";
    await api("POST", "/v1/lookups", { body: { connection: name, externalId } });
    for (const fault of faults) {
      const before = simulator.log.length;
      simulator.strike(fault);
      await search();
      simulator.strike(fault);
      await api("POST", "/v1/lookups", { body: { connection: name, externalId } });
      expect(simulator.log.length).toBeGreaterThan(before);
    }
    simulator.strike({ kind: "status", status: 401 });
    await shop.engine.settle(name);
  }
  for (const path of ["/v1/status", "/v1/connections", "/metrics", "/v1/reviews?state=open"]) await api("GET", path);
  const { sql } = shop.engine.deps.db;
  const tables = await sql`select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`;
  const kept: string[] = [];
  for (const { name } of tables)
    kept.push(...(await sql.unsafe(`select t::text as row from ${name} t`)).map(({ row }) => `${name} ${row}`));
  const written = [...answers, ...lines.map((line) => JSON.stringify(line)), ...kept];
  expect(lines.map(({ event }) => event)).toContain("lookup.failed");
  expect(kept.some((row) => row.includes("Nordisk Træ"))).toBe(true);
  for (const secret of secrets)
    for (const form of [secret, encodeURIComponent(secret)])
      expect(written.filter((text) => text.includes(form))).toEqual([]);
});
