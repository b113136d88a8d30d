import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { setNow } from "../../src/store/clock.ts";
import { openShop, type Shop } from "../support/shop.ts";
import { isSigned } from "../support/signed.ts";

const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
let shop: Shop;
let receiver: Server;
let url = "";
let folder = "";
let got: { headers: IncomingHttpHeaders; body: string }[] = [];
/** Answers of the receiver, first first; then 204. `null`: it takes the message and never answers. */
let answers: ({ status: number; body?: string } | null)[] = [];

beforeEach(async () => {
  got = [];
  answers = [];
  folder = await mkdtemp(join(tmpdir(), "kobling-handover-"));
  receiver = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    got.push({ headers: request.headers, body });
    const answer = answers.length > 0 ? answers.shift() : { status: 204 };
    if (answer === null || answer === undefined) response.destroy();
    else response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/ordrer?til=os`; // a TCP server's address is this
});

afterEach(async () => {
  await shop?.close();
  await new Promise((done) => receiver.close(done));
  await rm(folder, { recursive: true });
});

async function open(handOver: Readonly<Record<string, unknown>>): Promise<string> {
  shop = await openShop({ handOver });
  const body = { firmanavn: "Ordre ApS", cvrNr: "45123456", bemaerk1: "kun til os selv", ansvarligSaelger: "Ea" };
  return (await shop.api("POST", "/v1/kundeemner", { body })).body.meta.id;
}

const convert = (id: string, body: Record<string, unknown>) =>
  shop.api("POST", `/v1/kundeemner/${id}/convert`, { body: { connection: "erp", waitMs: 0, ...body } });

async function converted(id: string, body: Record<string, unknown>) {
  await convert(id, body);
  await shop.engine.work();
  return await convert(id, body);
}

/** Works so many hours from now, past any lease and waiting time. */
async function workAt(hours: number): Promise<void> {
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + hours * 3_600_000));
  await shop.engine.work();
}

test("S85 an ordre that the ledger does not take is handed over, signed, once its debitor is made; its number is what was answered", async () => {
  const id = await open({ ordre: { url, secret, required: ["Levering"], from: { Saelger: "ansvarligSaelger" } } });
  const lacks = await convert(id, { to: "ordre" });
  expect(lacks).toMatchObject({ status: 422, body: { errors: [{ pointer: "/data/Levering", code: "missing" }] } });
  answers = [{ status: 200, body: '{"externalId":"O-17"}' }];
  const done = await converted(id, { to: "ordre", data: { Levering: "AB" } });
  expect(done).toMatchObject({ status: 200, body: { state: "done", externalId: "O-17" } });
  expect(got).toHaveLength(1);
  const [{ headers, body }] = got as [(typeof got)[0]];
  expect(isSigned(secret, headers, body)).toBe(true);
  expect(isSigned(secret, headers, `${body} `)).toBe(false);
  const message = JSON.parse(body);
  expect(message).toMatchObject({
    type: "conversion.ordre",
    data: {
      ...{ mark: headers["webhook-id"], connection: "erp", kundeemneId: id },
      account: { object: "debitor", externalId: done.body.account.externalId },
      kundeemne: { firmanavn: "Ordre ApS", cvrNr: "45123456" },
      document: { Levering: "AB", Saelger: "Ea" },
    },
  });
  expect(body).not.toContain("kun til os selv"); // a remark that no ledger is told
  expect(await shop.rowOf(id, "debitor")).toMatchObject({ Navn: "Ordre ApS" });
  await converted(id, { to: "ordre", data: { Levering: "AB" } });
  expect(got).toHaveLength(1);
});

test("S85 a hand-over whose answer was lost is told again under the same id; one that is refused waits for a person", async () => {
  const id = await open({ ordre: { url, secret } });
  answers = [null, { status: 503 }];
  expect(await converted(id, { to: "ordre" })).toMatchObject({ status: 202, body: { state: "waiting" } });
  await workAt(1);
  expect((await convert(id, { to: "ordre" })).body).toMatchObject({ state: "waiting", reason: "unavailable" });
  await workAt(2);
  const { body } = await convert(id, { to: "ordre" });
  expect(body).toMatchObject({ state: "done", externalId: got[0]?.headers["webhook-id"] });
  expect(got.map(({ headers }) => headers["webhook-id"])).toEqual(Array(3).fill(body.externalId));
});

test("S85 a hand-over that is refused is told as failed, and made when a person says it again", async () => {
  const id = await open({ ordre: { url, secret } });
  answers = [{ status: 422 }];
  await convert(id, { to: "ordre" });
  await shop.engine.work();
  const { body } = await shop.api("GET", `/v1/kundeemner/${id}/conversions`);
  expect(body.items).toMatchObject([{ to: "ordre", state: "failed", reason: "refused_by_remote" }]);
  expect((await converted(id, { to: "ordre" })).body.state).toBe("done");
  expect(got).toHaveLength(2);
});

test("S84 a tilbud is handed over as a file: whole under its name, its signature there before it, and a lost folder is waited for", async () => {
  const missing = join(folder, "ud");
  const id = await open({ tilbud: { folder: missing, secret } });
  const waits = await converted(id, { to: "tilbud", data: { Tekst: "Ål og æg" } });
  expect(waits.body).toMatchObject({ state: "waiting", reason: "folder_unusable" });
  await mkdir(missing);
  await workAt(1);
  const done = await convert(id, { to: "tilbud" });
  expect(done.body.state).toBe("done");
  const mark = done.body.externalId;
  expect((await readdir(missing)).sort()).toEqual([`${mark}.json`, `${mark}.json.sig`]);
  const body = await readFile(join(missing, `${mark}.json`), "utf8");
  expect(isSigned(secret, JSON.parse(await readFile(join(missing, `${mark}.json.sig`), "utf8")), body)).toBe(true);
  expect(JSON.parse(body)).toMatchObject({ type: "conversion.tilbud", data: { document: { Tekst: "Ål og æg" } } });
});
