import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { startAddressService } from "../../simulators/directories/addresses.ts";
import { startCvr } from "../../simulators/directories/cvr.ts";
import { startPlaces } from "../../simulators/directories/google.ts";
import { type CreditBureau, startCreditBureau } from "../../simulators/directories/kob.ts";
import { startCompanySearch } from "../../simulators/directories/krak.ts";
import type { DirectorySimulator } from "../../simulators/directories/server.ts";
import { startNne } from "../../simulators/directories/tdc.ts";
import { positionOf } from "../../src/connectors/addresses/position.ts";
import { spellingsOf } from "../../src/connectors/addresses/spellings.ts";
import type { Client, ConnectDeps, ConnectorDefinition } from "../../src/connectors/connector.ts";
import { connectors } from "../../src/connectors/index.ts";
import { companyMapping } from "../../src/connectors/tdc/mapping.ts";
import { readEnvelope } from "../../src/connectors/tdc/soap.ts";
import { ConnectionError, KoblingError, RejectedError, RetryableError, UncertainError } from "../../src/lib/errors.ts";
import { compileMapping } from "../../src/mappings/compile.ts";
import excerpt from "../contracts/google/places.v1.excerpt.json" with { type: "json" };
import { adverts, companyDocument, nneCompanies, placeDocument, places, reported } from "../support/directories.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Stage {
  readonly simulator: DirectorySimulator;
  readonly settings: Record<string, unknown>;
  readonly wrongSettings: Record<string, unknown>;
  readonly object: string;
  /** A search that finds `id`, and one that finds nothing. */
  readonly text: string;
  readonly nothing: string;
  readonly id: string;
  readonly secret: string;
  /** It has no look-up by id: what is not shown is not told as gone. */
  readonly isListed?: boolean;
}

const company = companyDocument({
  cvr: "12345674",
  navn: "Vestjysk Træ ApS",
  telefon: "70102030",
  hemmeligTelefon: "99999999",
});

/** Before which service a directory is shown. One without a stage fails. */
const stages: Readonly<Record<string, () => Promise<Stage>>> = {
  addresses: async () => {
    const simulator = await startAddressService(places);
    const shared = { baseUrl: simulator.baseUrl, acceptUnverifiedContract: true };
    return {
      ...{ simulator, object: "adresse", text: "Nørregade 12, 2. tv, 5000 Odense C", nothing: "Ingenvej 1", id: "a-1" },
      ...{
        settings: { ...shared, token: simulator.token },
        wrongSettings: { ...shared, token: "forkert" },
        secret: simulator.token,
      },
    };
  },
  google: async () => {
    const simulator = await startPlaces([placeDocument({ id: "ChIJ-1", navn: "Nordisk Træ" })]);
    const { baseUrl, apiKey } = simulator;
    return {
      ...{ simulator, object: "sted", text: "Nordisk Træ Odense", nothing: "Findes Ikke", id: "ChIJ-1" },
      ...{ settings: { baseUrl, apiKey }, wrongSettings: { baseUrl, apiKey: "forkert" }, secret: apiKey },
    };
  },
  krak: async () => {
    const simulator = await startCompanySearch(adverts);
    const shared = { baseUrl: simulator.baseUrl, profile: simulator.profile, acceptUnverifiedContract: true };
    return {
      ...{ simulator, object: "firma", text: "10000001", nothing: "Findes Ikke", id: "10000001", isListed: true },
      ...{
        settings: { ...shared, key: simulator.key },
        wrongSettings: { ...shared, key: "forkert" },
        secret: simulator.key,
      },
    };
  },
  kob: async () => {
    const simulator = await startCreditBureau(reported);
    const shared = { baseUrl: simulator.baseUrl, purpose: "Nye kunder", acceptUnverifiedContract: true };
    return {
      ...{ simulator, object: "firma", text: "12345674", nothing: "Findes Ikke", id: "KOB-77" },
      ...{
        settings: { ...shared, key: simulator.key },
        wrongSettings: { ...shared, key: "forkert" },
        secret: simulator.key,
      },
    };
  },
  tdc: async () => {
    const simulator = await startNne(nneCompanies);
    const shared = { baseUrl: simulator.baseUrl, acceptUnverifiedContract: true };
    return {
      ...{ simulator, object: "firma", text: "12345674", nothing: "Findes Ikke", id: "200000001" },
      ...{
        settings: { ...shared, key: simulator.key },
        wrongSettings: { ...shared, key: "forkert" },
        secret: simulator.key,
      },
    };
  },
  cvr: async () => {
    const simulator = await startCvr([company, companyDocument({ cvr: "10150817", navn: "Myndigheden" })]);
    const { baseUrl, user, password } = simulator;
    return {
      ...{ simulator, object: "virksomhed", text: "12 34 56 74", nothing: "Findes Ikke A/S", id: "12345674" },
      ...{
        settings: { baseUrl, user, password },
        wrongSettings: { baseUrl, user, password: "forkert" },
        secret: password,
      },
    };
  },
};

function connect(definition: ConnectorDefinition, settings: Record<string, unknown>): Client {
  const deps: ConnectDeps = {
    clock: { now: () => new Date() },
    tokens: { token: async (renew) => (await renew()).token },
    secret: () => undefined,
    mappings: definition.mappings,
  };
  const client = definition.connect?.(definition.settings.parse(settings), deps);
  if (client === undefined) throw new Error("It has no client");
  open.push(() => client.close());
  return client;
}

async function start(definition: ConnectorDefinition): Promise<Stage & { client: Client }> {
  const stage = await stages[definition.name]?.();
  if (stage === undefined) throw new Error(`${definition.name} has no stage`);
  open.push(() => stage.simulator.close());
  return { ...stage, client: connect(definition, stage.settings) };
}

const failure = async (act: Promise<unknown> | undefined): Promise<KoblingError> => {
  const error = await Promise.resolve(act).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof KoblingError)) throw new Error(`No error of ours: ${String(error)}`);
  return error;
};

const directories = connectors.filter((each) => each.directory !== undefined);

describe.each(directories)("directory $name", (definition) => {
  test("finds what is looked for, surely where it is meant, and reads it by its id", async () => {
    const { client, object, text, id } = await start(definition);
    const found = await client.search?.(object, { text, limit: 5 });
    expect(found?.hits[0]).toMatchObject({ externalId: id });
    // What is typed at Google is a question; a number or a whole address elsewhere is what was meant.
    expect((found?.hits[0]?.score ?? 0) >= 0.95).toBe(definition.name !== "google");
    const answer = await client.get(object, id);
    if ("gone" in answer) throw new Error("It is gone");
    const mapping = definition.mappings[object];
    if (mapping === undefined) throw new Error("It has no mapping");
    const read = compileMapping(mapping);
    if (!("mapping" in read)) throw new Error("Its mapping has faults");
    const compiled = read.mapping;
    const { claims, faults } = compiled.readRemote(answer.object.image);
    expect(faults).toEqual([]);
    expect(Object.keys(claims).length).toBeGreaterThan(4);
    // A directory is never written.
    expect(compiled.units.every((unit) => unit.direction === "in")).toBe(true);
  });

  test("finds nothing where there is nothing, and says of an unknown id that it is gone", async () => {
    const { client, object, nothing, isListed } = await start(definition);
    expect((await client.search?.(object, { text: nothing, limit: 5 }))?.hits).toEqual([]);
    if (isListed === true) expect(await failure(client.get(object, "00000000"))).toBeInstanceOf(RetryableError);
    else expect(await client.get(object, "00000000")).toMatchObject({ gone: true });
  });

  test("says of its account what it can, and refuses to list or write", async () => {
    const { client, object } = await start(definition);
    expect((await client.discover()).objects[object]).toEqual({
      read: true,
      list: false,
      create: false,
      update: false,
      remove: false,
    });
    expect(() => client.list(object, {})).toThrow(ConnectionError);
    expect(await failure(client.update(object, "1", { body: {}, image: null }))).toBeInstanceOf(ConnectionError);
  });

  test.each([
    ["an outage", { kind: "status", status: 503 }, RetryableError, "unavailable"],
    ["a fault of the service", { kind: "status", status: 500 }, RetryableError, "remote_failure"],
    ["a used up quota", { kind: "status", status: 429, retryAfter: 7 }, RetryableError, "rate_limited"],
    ["a lost connection", { kind: "reset" }, RetryableError, "connection_lost"],
    ["a malformed answer", { kind: "malformed" }, RejectedError, "bad_answer"],
    ["an empty answer", { kind: "empty" }, RejectedError, "bad_answer"],
  ] as const)("tells %s apart", async (_, fault, kind, code) => {
    const { client, simulator, object, id } = await start(definition);
    simulator.strike(fault);
    const error = await failure(client.get(object, id));
    expect(error).toBeInstanceOf(kind);
    expect(error.code).toBe(code);
    simulator.strike(fault);
    expect((await failure(client.search?.(object, { text: "Nørregade 1", limit: 5 }))).code).toBe(code);
  });

  test("a wrong key is the account's fault, and no secret stands in any error", async () => {
    const { client, simulator, wrongSettings, object, id, secret } = await start(definition);
    const error = await failure(connect(definition, wrongSettings).get(object, id));
    expect(error).toBeInstanceOf(ConnectionError);
    simulator.strike({ kind: "malformed" });
    const other = await failure(client.get(object, id));
    for (const each of [error, other])
      expect(
        JSON.stringify({ ...each, message: each.message, stack: each.stack, cause: String(each.cause) }),
      ).not.toContain(secret);
  });

  test("stays off until an unverified contract is accepted", () => {
    const isUnsure = definition.confidence === "reconstructed" || definition.confidence === "unknown";
    const parsed = definition.settings.safeParse({
      user: "x",
      password: "y",
      apiKey: "z",
      baseUrl: "http://x.dk",
      profile: "p",
      key: "k",
    });
    if (isUnsure) expect(JSON.stringify(parsed.error?.issues)).toContain("acceptUnverifiedContract");
    else expect(JSON.stringify(parsed.error?.issues ?? [])).not.toContain("acceptUnverifiedContract");
  });
});

const named = (name: string): ConnectorDefinition => {
  const found = connectors.find((each) => each.name === name);
  if (found === undefined) throw new Error(`No connector ${name}`);
  return found;
};

describe("addresses", () => {
  test("an address becomes street, town, country and coordinates in degrees", async () => {
    const { client } = await start(named("addresses"));
    expect(await client.get("adresse", "a-1")).toMatchObject({
      object: {
        image: {
          ...{ adresse1: "Nørregade 12, 2. tv", postnr: "5000", bynavn: "Odense C", landekode: "DK" },
          ...{ lat: "55.4002426", lng: "10.3816949" },
          kilde: "dar",
        },
      },
    });
    expect(await client.get("adresse", "husnummer:h-3")).toMatchObject({
      object: { image: { adresse1: "Lærkevej 7B" } },
    });
    const without = await client.get("adresse", "a-4");
    expect("gone" in without ? {} : without.object.image).toEqual({
      ...{ id: "a-4", adresse1: "Kajen 2, st.", postnr: "5000", bynavn: "Odense C", landekode: "DK" },
    });
  });

  test.each([
    [587_500, 6_140_200, "55.4002426", "10.3816949"],
    [574_300, 6_223_700, "56.1525291", "10.1960674"],
    [724_000, 6_176_000, "55.6780200", "12.5628747"],
    // Computed apart from the library, by the series of Krüger to the fourth order on GRS80.
  ])("the point %d, %d of EPSG:25832 is %s, %s", (x, y, lat, lng) => {
    expect(positionOf(x, y)).toEqual({ lat, lng });
  });

  test("one of several doors is not sure, a closed address is gone, and abroad nothing is asked", async () => {
    const { client, simulator } = await start(named("addresses"));
    const several = await client.search?.("adresse", { text: "Nørregade 12, 5000 Odense C", limit: 5 });
    expect(several?.hits.map(({ externalId }) => externalId)).toEqual(["a-1", "a-2"]);
    expect(several?.hits.every(({ score }) => score < 0.95)).toBe(true);
    const asked = simulator.log.length;
    const known = { adresse1: "Hauptstraße 1", postnr: "20095", bynavn: "Hamburg", landekode: "DE" };
    expect((await client.search?.("adresse", { known, limit: 5 }))?.hits).toEqual([]);
    expect(simulator.log).toHaveLength(asked);
  });

  test("what is typed without æ, ø and å is found, and typing faults are washed, never sure", async () => {
    const { client, simulator } = await start(named("addresses"));
    const plain = await client.search?.("adresse", { text: "Norregade 12, 2. tv, 5000 Odense C", limit: 5 });
    expect(plain?.hits[0]).toMatchObject({ externalId: "a-1" });
    const washed = await client.search?.("adresse", { text: "Kajem 2, st., 5000 Odense C", limit: 5 });
    expect(washed?.hits).toMatchObject([{ externalId: "a-4", score: 0.9 }]);
    expect(simulator.log.at(-1)?.path).toBe("/vask/");
    expect(spellingsOf("Aaboulevarden 23")).toContain("Aåboulevarden 23");
    expect(spellingsOf("aavej 2")[1]).toBe("åvej 2");
    expect(spellingsOf("oooooooooo 1")).toHaveLength(6);
  });
});

describe("cvr", () => {
  test("a company is read with its periods: what has ended or is secret is not taken", async () => {
    const { client } = await start(named("cvr"));
    expect(await client.get("virksomhed", "12345674")).toMatchObject({
      object: {
        image: {
          ...{
            cvrNummer: "12345674",
            navn: "Vestjysk Træ ApS",
            adresse1: "Nørregade 12",
            postnr: "5000",
            telefon: "70102030",
          },
          ...{ pNumre: ["1000000009"], branchekode: "433200", brancheklassifikation: "DB25", virksomhedsform: "80" },
          ...{ status: "NORMAL", ansatte: "10-19", reklamebeskyttet: false },
        },
      },
    });
  });

  test("a number keeps the zeros before it, an old branche has no list, unknown protection is told as unknown", async () => {
    const { client, simulator } = await start(named("cvr"));
    const index = simulator as Awaited<ReturnType<typeof startCvr>>; // the stage of cvr is one
    const { reklamebeskyttet: _, ...rest } = companyDocument({
      cvr: "01234560",
      navn: "Gammel ApS",
      brancheSiden: "2012-01-01",
    });
    index.put({ ...rest, cvrNummer: 1234560 });
    const answer = await client.get("virksomhed", "01234560");
    expect(answer).toMatchObject({
      object: { image: { cvrNummer: "01234560", brancheklassifikation: "unknown", reklamebeskyttet: null } },
    });
    // P-numbers, forms and bands are an open set: what is not known passes.
    index.put({ cvrNummer: 20000023, virksomhedMetadata: { nyesteNavn: { navn: "Uden Meget" } } });
    expect(await client.get("virksomhed", "20000023")).toMatchObject({
      object: { image: { navn: "Uden Meget", ansatte: null } },
    });
  });

  test("by name it is sure only where the address is the record's as well", async () => {
    const { client } = await start(named("cvr"));
    const byName = await client.search?.("virksomhed", { text: "Vestjysk Træ", limit: 5 });
    expect(byName?.hits).toMatchObject([{ externalId: "12345674", detail: "Nørregade 12, 5000 Odense C" }]);
    expect(byName?.hits[0]?.score).toBeLessThan(0.95);
    const known = { firmanavn: "Vestjysk Træ ApS", adresse1: "Nørregade 12", postnr: "5000", landekode: "DK" };
    expect((await client.search?.("virksomhed", { known, limit: 5 }))?.hits).toMatchObject([{ score: 1 }]);
  });

  test("a renamed index is found out by a number that it must know", async () => {
    const { client, simulator } = await start(named("cvr"));
    (simulator as Awaited<ReturnType<typeof startCvr>>).rename(); // the stage of cvr is one
    expect(await failure(client.discover())).toMatchObject({ code: "bad_settings" });
  });
});

describe("google", () => {
  const field = (name: string) => excerpt.schemas.GoogleMapsPlacesV1Place.properties[name as "id"]; // any field may be asked for

  test("questions, masks and answers are those of Google's own document", async () => {
    const { client, simulator } = await start(named("google"));
    await client.search?.("sted", { text: "Nordisk Træ", limit: 5 });
    await client.get("sted", "ChIJ-1");
    const [search, get] = simulator.log;
    const { searchText, get: details } = excerpt.methods;
    expect(`${search?.method} ${search?.path}`).toBe(`${searchText.httpMethod} /${searchText.path}`);
    const body = JSON.parse(search?.body ?? "{}") as Record<string, unknown>;
    for (const [name, value] of Object.entries(body)) {
      const known = excerpt.schemas.GoogleMapsPlacesV1SearchTextRequest.properties[name as "textQuery"];
      expect(known?.type).toBe(typeof value === "number" ? "integer" : typeof value);
    }
    const mask = String(search?.headers["x-goog-fieldmask"]).split(",");
    expect(mask.every((each) => each.startsWith("places.") && field(each.slice("places.".length)) !== undefined)).toBe(
      true,
    );
    expect(get?.method).toBe(details.httpMethod);
    expect(`${get?.path}`.slice(1)).toMatch(
      new RegExp(`^v1/${details.parameters.name.pattern.replace(/^\^|\$$/g, "")}$`),
    );
    expect([...(get?.query.keys() ?? [])].every((name) => name in details.parameters)).toBe(true);
    expect(
      String(get?.headers["x-goog-fieldmask"])
        .split(",")
        .every((each) => field(each) !== undefined),
    ).toBe(true);
    expect(Object.keys(placeDocument({ id: "x", navn: "y" })).every((each) => field(each) !== undefined)).toBe(true);
    // No key in an address, which ends in logs.
    expect(simulator.log.some(({ path, query }) => `${path}?${query}`.includes("AIza"))).toBe(false);
  });

  test("it is sure only where name and address are the record's", async () => {
    const { client } = await start(named("google"));
    const known = {
      firmanavn: "Nordisk Træ",
      adresse1: "Nørregade 12",
      postnr: "5000",
      bynavn: "Odense C",
      landekode: "DK",
    };
    expect((await client.search?.("sted", { known, limit: 5 }))?.hits).toMatchObject([
      { externalId: "ChIJ-1", score: 1 },
    ]);
    const elsewhere = { firmanavn: "Nordisk Træ", postnr: "5000" };
    expect((await client.search?.("sted", { known: elsewhere, limit: 5 }))?.hits[0]?.score).toBeLessThan(0.95);
  });

  test("an id that was replaced is told with the new one", async () => {
    const { client, simulator } = await start(named("google"));
    const service = simulator as Awaited<ReturnType<typeof startPlaces>>; // the stage of google is one
    service.put({ ...placeDocument({ id: "ChIJ-1", navn: "Nordisk Træ" }), movedPlaceId: "ChIJ-2" });
    expect(await client.get("sted", "ChIJ-1")).toMatchObject({ gone: true, replacedBy: "ChIJ-2" });
  });
});

describe("krak", () => {
  test("fills what it shows; paid adverts come first and are not taken for what was meant", async () => {
    const { client } = await start(named("krak"));
    const known = { firmanavn: "Nordisk Træ ApS", adresse1: "Nørregade 12", postnr: "5000", landekode: "DK" };
    const found = await client.search?.("firma", { known, limit: 5 });
    expect(found?.hits.map(({ externalId, score }) => [externalId, score >= 0.95])).toEqual([
      ["10000001", true],
      ["10000009", false],
    ]);
    expect(await client.get("firma", "10000001")).toMatchObject({
      object: {
        image: {
          ...{ eniroId: "10000001", companyName: "Nordisk Træ ApS", orgNumber: "12345674", streetName: "Nørregade 12" },
          ...{ postCode: "5000", postArea: "Odense C", country: "DK", phoneNumber: "62 52 12 34" },
        },
      },
    });
  });
});

describe("tdc", () => {
  const wsdl = readFileSync(new URL("../contracts/nne/nne-3.1.excerpt.wsdl", import.meta.url), "utf8");
  const partsOf = (message: string): string[] => {
    const [, inner = ""] =
      new RegExp(`<message name="NNE_PortType_${message}">([\\s\\S]*?)</message>`).exec(wsdl) ?? [];
    return [...inner.matchAll(/part name="([^"]+)" type="[^:]+:([^"]+)"/g)].map(([, name, type]) => `${name} ${type}`);
  };
  const elementsOf = (type: string): string[] => {
    const [, inner = ""] = new RegExp(`<complexType name="${type}">([\\s\\S]*?)</complexType>`).exec(wsdl) ?? [];
    return [...inner.matchAll(/element name="([^"]+)"/g)].map(([, name]) => name ?? "");
  };

  test("calls are those of the vendor's WSDL: names, order and types", async () => {
    const { client, simulator } = await start(named("tdc"));
    await client.search?.("firma", { text: "12345674", limit: 5 });
    await client.get("firma", "200000001");
    const [search, fetch] = simulator.log.map(({ body }) => body);
    const sentIn = (body: string | undefined) =>
      [...(body ?? "").matchAll(/<(\w+_\d) xsi:type="\w+:(\w+)"/g)].map(([, name, type]) => `${name} ${type}`);
    expect(sentIn(search)).toEqual(partsOf("search"));
    expect(sentIn(fetch)).toEqual(partsOf("fetchCompany"));
    expect(elementsOf("Question")).toContain("cvrNo");
    for (const { remote } of companyMapping.fields)
      if (remote !== "country") expect(elementsOf("Company")).toContain(remote);
  });

  test("zeros before numbers come back, a text is told exactly, and head office and branch are both shown", async () => {
    const { client } = await start(named("tdc"));
    expect(await client.get("firma", "200000003")).toMatchObject({
      object: {
        image: { cvrNo: "01234560", zipCode: "0999", officialName: "Brødrene <Holm> & Søn A/S", homePage: null },
      },
    });
    const both = await client.search?.("firma", { text: "45123456", limit: 5 });
    expect(both?.hits.filter(({ score }) => score >= 0.95).map(({ externalId }) => externalId)).toEqual([
      "200000004",
      "200000005",
    ]);
    expect((await client.search?.("firma", { known: { tdcId: "200000003" }, limit: 5 }))?.hits).toMatchObject([
      { score: 1 },
    ]);
  });

  test("references are resolved wherever they stand, and a circle of them ends", () => {
    const envelope = (inner: string) => `<e:Envelope xmlns:e="x"><e:Body>${inner}</e:Body></e:Envelope>`;
    const circle = '<aResponse><result href="#A"/></aResponse><m id="A"><b href="#A"/><c>1</c></m>';
    expect(readEnvelope(envelope(circle))).toMatchObject({ result: { b: { c: "1" }, c: "1" } });
    expect(readEnvelope(envelope("<Fault><faultstring>nej</faultstring></Fault>"))).toEqual({ fault: "nej" });
    expect(readEnvelope("<html>")).toBeUndefined();
    expect(readEnvelope("")).toBeUndefined();
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>';
    expect(readEnvelope(`${bomb}${envelope("<aResponse><result>&b;</result></aResponse>")}`)).toBeUndefined();
  });
});

describe("kob", () => {
  const begin = async () => {
    const { client, simulator } = await start(named("kob"));
    return { client, bureau: simulator as CreditBureau }; // the stage of kob is one
  };

  test("searching is free, a report is ordered once with its purpose, and read again while it is valid", async () => {
    const { client, bureau } = await begin();
    await client.search?.("firma", { text: "Nordisk", limit: 5 });
    expect(bureau.charged).toEqual([]);
    const first = await client.get("firma", "KOB-77");
    expect(await client.get("firma", "KOB-77")).toMatchObject({ object: "object" in first ? first.object : {} });
    expect(bureau.charged).toMatchObject([{ id: "KOB-77", purpose: "Nye kunder" }]);
    bureau.expire("KOB-77");
    await client.get("firma", "KOB-77");
    expect(bureau.charged.map(({ id }) => id)).toEqual(["KOB-77", "KOB-77"]);
  });

  test("of a report only who the company is gets into an image: no score, band, limit or default", async () => {
    const { client } = await begin();
    const answer = await client.get("firma", "KOB-77");
    expect("gone" in answer ? {} : answer.object.image).toEqual({
      ...{ id: "KOB-77", name: "Nordisk Træ ApS", cvr: "12345674", street: "Nørregade 12", postalCode: "5000" },
      ...{ city: "Odense C", country: "DK", phone: "62 52 12 34", employees: "10-19" },
    });
  });

  test("an order whose answer is lost is looked for, not sent again", async () => {
    const { client, bureau } = await begin();
    bureau.strike({ kind: "lost", on: "POST" });
    expect(await client.get("firma", "KOB-77")).toMatchObject({ object: { image: { name: "Nordisk Træ ApS" } } });
    expect(bureau.log.map(({ method }) => method)).toEqual(["GET", "POST", "GET"]);
    expect(bureau.charged).toHaveLength(1);
  });

  test("where it cannot be seen whether an order arrived, a person is asked; asked again it is the same order", async () => {
    const { client, bureau } = await begin();
    bureau.strike({ kind: "reset", on: "POST" });
    expect(await failure(client.get("firma", "KOB-77"))).toBeInstanceOf(UncertainError);
    expect(bureau.log.map(({ method }) => method)).toEqual(["GET", "POST", "GET"]);
    await client.get("firma", "KOB-77");
    const sent = bureau.log.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(body).requestId);
    expect(new Set(sent).size).toBe(1);
    expect(sent).toHaveLength(2);
    expect(bureau.charged).toHaveLength(1);
  });

  test("while a report is being made none is ordered, and an agreement that is used up is the account's matter", async () => {
    const { client, bureau } = await begin();
    bureau.makeLater();
    expect(await failure(client.get("firma", "KOB-77"))).toBeInstanceOf(UncertainError);
    expect(await failure(client.get("firma", "KOB-77"))).toMatchObject({ name: "RetryableError", code: "busy" });
    expect(bureau.charged).toHaveLength(1);
    bureau.useUp();
    expect(await failure(client.get("firma", "KOB-78"))).toMatchObject({
      name: "ConnectionError",
      code: "quota_used_up",
    });
  });
});
