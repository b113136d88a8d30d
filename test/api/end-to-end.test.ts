import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import type { CheckedAnswer, CheckedClient } from "../support/checked-client.ts";
import { type RunningGateway, startGatewayProcess } from "../support/running-gateway.ts";
import { until } from "../support/until.ts";

/** One story through the whole gateway, in its own process, as programs and ERPs see it: HTTP and nothing else. */
const WAIT_MS = 25_000;

let erp: Simulator;
let crm: Simulator;
let gateway: RunningGateway;
let api: CheckedClient;

const debitorer = [
  { Kontonr: "1001", Navn: "Vestjysk Træ A/S", SE_Nr: "12345674", Adr1: "Savvej 1", PostNr: "6900", ByNavn: "Skjern" },
  { Kontonr: "1002", Navn: "Fjord Fragt ApS", SE_Nr: "45123456", Adr1: "Kajen 3", PostNr: "7600", ByNavn: "Struer" },
].map((row) => ({ ...row, Land: "DK", Telefon: "97101010" }));

beforeAll(async () => {
  erp = await startKeyBalance({ rows: { Debitorer: debitorer } });
  crm = await startKeyBalance({
    rows: { KundeEmner: [{ Kontonr: "9001", Navn: "Vestjysk Træ A/S", SE_Nr: "12345674", Land: "DK" }] },
  });
  const keybalance = ({ baseUrl, token }: Simulator) => ({
    connector: "keybalance",
    settings: { baseUrl, token },
    quietMs: 100,
  });
  const both = { direction: "both", poll: "1s" };
  gateway = await startGatewayProcess({
    connections: {
      erp: { ...keybalance(erp), objects: { debitor: { ...both, firstMeeting: "remote", create: "in" } } },
      crm: {
        ...keybalance(crm),
        side: "crm",
        objects: { kundeemne: { ...both, firstMeeting: "crm", create: "in" } },
      },
      shop: { connector: "api", objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } } },
    },
  });
  api = await gateway.client();
}, 90_000);

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([erp?.close(), crm?.close()]);
});

// biome-ignore lint/suspicious/noExplicitAny: the document that the process serves has been checked already
type Body = any;

const ok = async (answer: Promise<CheckedAnswer>): Promise<Body> => {
  const { status, body, text } = await answer;
  if (status >= 300) throw new Error(`${status}: ${text}`);
  return body;
};
const get = (path: string): Promise<Body> => ok(api("GET", path));
const post = (path: string, body?: unknown): Promise<Body> => ok(api("POST", path, body === undefined ? {} : { body }));
const patch = (id: string, body: object): Promise<Body> => ok(api("PATCH", `/v1/kundeemner/${id}`, { body }));

/** Asks again until the answer is the one that is waited for, and gives it. */
async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let found: T | undefined;
  await until(
    what,
    async () => {
      found = await ask();
      return found !== undefined;
    },
    WAIT_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; the gateway wrote last:\n${gateway.child.tail()}`);
  });
  return found as T; // until has ended well
}
const holds = (what: string, isTrue: () => Promise<boolean>) =>
  eventually(what, async () => ((await isTrue()) ? true : undefined));

const linksOf = async (connection: string, externalId: string, object = "debitor"): Promise<Body[]> =>
  (await get(`/v1/links?connection=${connection}&object=${object}&externalId=${externalId}`)).items;
const recordOf = async (connection: string, externalId: string, object = "debitor"): Promise<Body> => {
  const [link] = await linksOf(connection, externalId, object);
  return link?.entityId && link.state === "linked" ? await get(`/v1/kundeemner/${link.entityId}`) : undefined;
};

/** Starts a run and waits for its end. */
async function run(connection: string, kind: string, object: string): Promise<Body> {
  const started = await post(`/v1/connections/${connection}/runs`, { kind, object });
  const ended = await eventually(`the ${kind} of ${connection} has ended`, async () => {
    const now = await get(`/v1/runs/${started.id}`);
    return ["done", "partly", "failed", "stopped"].includes(now.state) ? now : undefined;
  });
  expect(ended).toMatchObject({ kind, state: "done" });
  return ended;
}

async function release(connection: string, object: string): Promise<Body> {
  const preview = await run(connection, "preview", object);
  const items = await get(`/v1/runs/${preview.id}/items`);
  const released = await post(`/v1/connections/${connection}/release`, { object, preview: preview.id });
  expect(released).toEqual({ releasedIn: true, releasedOut: true });
  return items;
}

test("R27 an armed object writes nothing until its preview is released; then both systems' companies are one record", async () => {
  const armed = await get("/v1/connections/erp");
  expect(armed.objects).toMatchObject([{ object: "debitor", armed: true, releasedIn: false, releasedOut: false }]);
  expect((await get("/v1/kundeemner")).items).toEqual([]);
  const refused = await api("POST", "/v1/connections/erp/release", { body: { object: "debitor", preview: 999 } });
  expect(refused.body).toMatchObject({ status: 404, code: "not_found" });

  expect((await release("erp", "debitor")).items).toHaveLength(2);
  await eventually("both debitorer are records", async () => await recordOf("erp", "1002"));
  await release("crm", "kundeemne");
  const record = await eventually("the KundeEmne is linked", async () => await recordOf("crm", "9001", "kundeemne"));
  expect(record).toMatchObject({ firmanavn: "Vestjysk Træ A/S", findesDeb: true, cvrNr: "12345674" });
  expect(record.links.map((link: Body) => link.connection).sort()).toEqual(["crm", "erp"]);
});

test("an edit on any side is on the others, and comes back to nobody", async () => {
  const { meta } = await recordOf("erp", "1001");
  await patch(meta.id, { telefon: "97 10 20 30" });
  await holds(
    "the ledger has our telephone",
    async () => erp.control.row("Debitorer", "1001")?.Telefon === "97 10 20 30",
  );
  erp.control.put("Debitorer", "1001", { Adr1: "Savvej 11" });
  await holds(
    "we have the ledger's address",
    async () => (await get(`/v1/kundeemner/${meta.id}`)).adresse1 === "Savvej 11",
  );
  await holds("the CRM has it too", async () => crm.control.row("KundeEmner", "9001")?.Adr1 === "Savvej 11");
  crm.control.put("KundeEmner", "9001", { Att: "Bo Vest" });
  await holds("the ledger has the CRM's name", async () => erp.control.row("Debitorer", "1001")?.Att === "Bo Vest");
  await holds("nothing is on its way", async () => {
    const { totals } = await get("/v1/status");
    return totals.due === 0 && totals.waiting === 0;
  });
  const { version } = (await get(`/v1/kundeemner/${meta.id}`)).meta;
  const writes = erp.log.writes("Debitorer").length;
  const reads = erp.log.entries({ method: "GET" }).length;
  await holds("the ledger was read again", async () => erp.log.entries({ method: "GET" }).length > reads + 2);
  expect((await get(`/v1/kundeemner/${meta.id}`)).meta.version).toBe(version);
  expect(erp.log.writes("Debitorer")).toHaveLength(writes);
});

test("R16 what both changed while the connection was paused waits for a person, whose decision goes out", async () => {
  const { meta } = await recordOf("erp", "1002");
  await ok(api("POST", "/v1/connections/erp/pause?why=stocktaking"));
  expect(await get("/v1/connections/erp")).toMatchObject({
    state: "paused",
    reason: expect.stringContaining("stocktaking"),
  });
  erp.control.put("Debitorer", "1002", { Navn: "Fjord Fragt A/S" });
  await patch(meta.id, { firmanavn: "Fjordens Fragt ApS" });
  await ok(api("POST", "/v1/connections/erp/resume"));
  const review = await eventually("a conflict waits", async () => {
    const { items } = await get(`/v1/reviews?kundeemne=${meta.id}`);
    return items.find((each: Body) => each.kind === "conflict" && each.unit === "firmanavn");
  });
  expect((await get(`/v1/kundeemner/${meta.id}`)).meta.held).toEqual({ firmanavn: review.id });
  expect(erp.control.row("Debitorer", "1002")?.Navn).toBe("Fjord Fragt A/S");
  expect((await get("/v1/status")).totals.held).toBe(1);

  const stale = { decision: "keep_ours", revision: review.revision + 1 };
  expect((await api("POST", `/v1/reviews/${review.id}/decision`, { body: stale })).status).toBe(409);
  await post(`/v1/reviews/${review.id}/decision`, {
    decision: "keep_ours",
    revision: review.revision,
    why: "ours is new",
  });
  await holds(
    "the decision is in force",
    async () => erp.control.row("Debitorer", "1002")?.Navn === "Fjordens Fragt ApS",
  );
  expect((await get(`/v1/reviews/${review.id}`)).decision).toBe("keep_ours");
  expect((await get(`/v1/kundeemner/${meta.id}`)).meta.held).toEqual({});
});

test("R25 an unlinked object hears nothing more, and linking it again is a first meeting", async () => {
  const [link] = await linksOf("erp", "1002");
  const path = `/v1/kundeemner/${link.entityId}`;
  await ok(api("DELETE", `${path}/links/${link.id}`));
  expect((await get(path)).findesDeb).toBe(false);
  await patch(link.entityId, { attention: "Ib" });
  await patch((await recordOf("erp", "1001")).meta.id, { attention: "Pia" });
  await holds("the other debitor hears of its edit", async () => erp.control.row("Debitorer", "1001")?.Att === "Pia");
  expect(erp.control.row("Debitorer", "1002")?.Att ?? "").toBe("");

  const again = { connection: "erp", object: "debitor", externalId: "1002" };
  expect(await post(`${path}/links`, again)).toMatchObject({ entityId: link.entityId, state: "linked" });
  await holds("the empty field is filled", async () => erp.control.row("Debitorer", "1002")?.Att === "Ib");
});

test("every value says why it is so, and history tells what was before", async () => {
  const { meta } = await recordOf("erp", "1001");
  const explained = await get(`/v1/kundeemner/${meta.id}/explain?field=adresse1`);
  expect(JSON.stringify(explained)).toMatch(/erp/);
  const { items } = await get(`/v1/kundeemner/${meta.id}/history?limit=100`);
  const address = items.find((entry: Body) => entry.fields.adresse1?.to === "Savvej 11");
  expect(address).toMatchObject({
    by: { kind: "connection", connection: "erp" },
    fields: { adresse1: { from: "Savvej 1" } },
  });
});

let shop: CheckedClient;

test("keys open what their scopes name, and nothing once they are revoked", async () => {
  const made = await post("/v1/keys", { label: "shop", scopes: ["connection:shop"] });
  shop = await gateway.client(made.key);
  expect((await shop("GET", "/v1/kundeemner")).status).toBe(403);
  expect((await shop("POST", "/v1/connections/erp/outbound/debitor/lease", { body: {} })).status).toBe(403);
  const other = await post("/v1/keys", { label: "gone", scopes: ["read"] });
  const gone = await gateway.client(other.key);
  expect((await gone("GET", "/v1/status")).status).toBe(200);
  await ok(api("DELETE", `/v1/keys/${other.id}`));
  expect((await gone("GET", "/v1/status")).status).toBe(401);
});

test("R21 an ERP that cannot be called pushes with counters, pulls what is owed to it, and acknowledges", async () => {
  const inbound = "/v1/connections/shop/inbound/debitor";
  const data = { firmanavn: "Kulturhuset Nord", telefon: "98101010", cvrNr: "24256790", attention: "Eva" };
  const pushed = await ok(shop("POST", inbound, { body: { externalId: "S1", counter: 1, data } }));
  expect(pushed).toMatchObject({ kept: 1, rejectedCount: 0 });
  await release("shop", "debitor");
  const { meta } = await eventually("the pushed debitor is a record", () => recordOf("shop", "S1"));

  await patch(meta.id, { telefon: "98 20 20 20" });
  const path = "/v1/connections/shop/outbound";
  const { deliveries } = await ok(shop("POST", `${path}/debitor/lease`, { body: { limit: 10, wait: 5 } }));
  expect(deliveries).toMatchObject([{ kind: "update", externalId: "S1", data: { telefon: "98 20 20 20" } }]);
  const [{ delivery, data: owed }] = deliveries;
  const again = await ok(shop("POST", `${path}/debitor/lease`, { body: {} }));
  expect(again.deliveries).toEqual(deliveries);
  const image = { ...data, ...owed };
  const receipt = [{ delivery, outcome: "done", counter: 2, image }];
  expect(await ok(shop("POST", `${path}/receipts`, { body: receipt }))).toEqual({ accepted: 1, refused: [] });
  expect((await ok(shop("POST", `${path}/debitor/lease`, { body: {} }))).deliveries).toEqual([]);

  const next = { externalId: "S1", counter: 3, lastDelivery: delivery, data: { ...image, attention: "Ida" } };
  await ok(shop("POST", inbound, { body: next }));
  await holds("the push is decided", async () => (await get(`/v1/kundeemner/${meta.id}`)).attention === "Ida");
  const stale = { externalId: "S1", counter: 2, lastDelivery: delivery, data: { ...image, attention: "Eva" } };
  await ok(shop("POST", inbound, { body: stale }));
  await holds("nothing waits", async () => (await get("/v1/status")).totals.waiting === 0);
  expect(await get(`/v1/kundeemner/${meta.id}`)).toMatchObject({ attention: "Ida", telefon: "98 20 20 20" });
});

test("R21 a snapshot is the reconcile of a system that pushes: what it does not show is suspected", async () => {
  const show = (externalId: string, n: number) => ({
    externalId,
    counter: n,
    data: { firmanavn: `Butik ${externalId}`, cvrNr: null },
  });
  await ok(shop("POST", "/v1/connections/shop/inbound/debitor", { body: [show("S2", 1), show("S3", 1)] }));
  await eventually("both are records", async () => (await recordOf("shop", "S2")) && (await recordOf("shop", "S3")));
  const { snapshot } = await ok(shop("POST", "/v1/connections/shop/snapshots", { body: { object: "debitor" } }));
  const lines = [show("S1", 4), show("S2", 2)].map((line) => JSON.stringify(line)).join("\n");
  const pushed = await ok(
    shop("POST", `/v1/connections/shop/inbound/debitor?snapshot=${snapshot}`, {
      raw: lines,
      headers: { "content-type": "application/x-ndjson" },
    }),
  );
  expect(pushed).toMatchObject({ rejectedCount: 0, lastLine: 2 });
  const complete = `/v1/connections/shop/snapshots/${snapshot}/complete`;
  expect((await shop("POST", complete, { body: { count: 7 } })).status).toBe(409);
  expect(await ok(shop("POST", complete, { body: { count: 2 } }))).toMatchObject({ missing: 1 });
});

test("what cannot be mapped is put aside alone with its reason, can be retried, and a corrected push goes in", async () => {
  const inbound = "/v1/connections/shop/inbound/debitor";
  const lines = [
    JSON.stringify({ externalId: "S4", counter: 1, data: { firmanavn: { da: "Forkert" } } }),
    "{ not json",
    JSON.stringify({ externalId: "S5", counter: 1, data: { firmanavn: "Rigtig ApS" } }),
  ];
  const pushed = await ok(
    shop("POST", inbound, { raw: lines.join("\n"), headers: { "content-type": "application/x-ndjson" } }),
  );
  expect(pushed).toMatchObject({ kept: 2, rejectedCount: 1, rejected: [{ line: 2, code: "invalid_json" }] });
  await eventually("the sound one is a record", () => recordOf("shop", "S5"));
  const aside = () => get("/v1/quarantine?connection=shop").then(({ items }) => items);
  const [kept] = await eventually("the other is put aside", async () =>
    (await aside()).length > 0 ? await aside() : undefined,
  );
  expect(kept).toMatchObject({ externalId: "S4", reason: { field: "firmanavn" } });
  expect(JSON.stringify(kept)).not.toContain("Forkert");

  expect((await api("POST", `/v1/quarantine/${kept.id}/retry`)).status).toBe(202);
  await eventually("it is put aside again", async () => (await aside()).find((each: Body) => each.externalId === "S4"));
  await ok(shop("POST", inbound, { body: { externalId: "S4", counter: 2, data: { firmanavn: "Rettet ApS" } } }));
  expect(await eventually("the corrected one is a record", () => recordOf("shop", "S4"))).toMatchObject({
    firmanavn: "Rettet ApS",
  });
});

test("status, feed and metrics tell how it goes, and the end comes when it is asked for", async () => {
  await run("erp", "reconcile", "debitor");
  await run("crm", "reconcile", "kundeemne");
  const status = await get("/v1/status");
  expect(status.connections.map((each: Body) => each.name)).toEqual(["crm", "erp", "shop"]);
  expect(status.totals).toMatchObject({ held: 0, uncertain: 0 });
  // What the shop has not pulled yet is still owed to it; the two that are called are in agreement.
  for (const { name, objects } of status.connections) {
    if (name !== "shop")
      for (const each of objects)
        expect({ object: each.object, drift: each.drift }).toEqual({ object: each.object, drift: 0 });
  }
  const feed = await get("/v1/feed?limit=500");
  expect(feed.entries.length).toBeGreaterThan(8);
  const metrics = await api("GET", "/metrics");
  expect(metrics.text).toContain("kobling_");
  expect(metrics.text).not.toContain("Vestjysk");
  await gateway.child.stop();
  expect(gateway.child.ended()).toBe("code 0");
});
