import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Mailchimp, startMailchimp } from "../../simulators/audiences/mailchimp.ts";
import { type AudienceReceiver, startReceiver } from "../../simulators/audiences/receiver.ts";
import { handOver } from "../../src/pipelines/audience/hand-over.ts";
import { readOptOuts } from "../../src/pipelines/audience/opt-outs.ts";
import { setNow } from "../../src/store/clock.ts";
import { type Crowd, crowdOf, type Member } from "../support/crowd-of-contacts.ts";
import { openShop, type Shop } from "../support/shop.ts";

vi.setConfig({ testTimeout: 120_000 });

let shop: Shop;
let mails: Mailchimp;
let posts: AudienceReceiver;
let crowd: Crowd;
beforeAll(async () => {
  [mails, posts] = await Promise.all([startMailchimp(), startReceiver()]);
  const { apiKey, list } = mails;
  shop = await openShop({
    armed: true,
    connections: {
      mails: { connector: "mailchimp", settings: { apiKey, list, baseUrl: `${mails.baseUrl}/3.0` } },
      ads: { connector: "google-audience", settings: {} },
      posts: { connector: "webhook", settings: { url: posts.url, secret: posts.secret } },
    },
  });
  crowd = crowdOf(shop);
});
afterAll(async () => {
  await shop?.close();
  await Promise.all([mails.close(), posts.close()]);
});

let ahead = 0;
/** Hands over, and asks as time goes by until the tool has carried out what it took. */
async function carryOut(): Promise<void> {
  const { sql } = shop.engine.deps.db;
  for (const connection of ["mails", "posts"]) {
    for (;;) {
      await handOver(shop.engine.deps, connection);
      const [row] = await sql.unsafe("select count(*)::int as n from hand_over_batches where connection = $1", [
        connection,
      ]);
      if (row?.n === 0) break;
      ahead += 3_000;
      await setNow(sql, new Date(Date.now() + ahead));
    }
  }
  await setNow(sql, null);
}
const select = (id: string) => crowd.ok(shop.api("POST", `/v1/campaigns/${id}/hand-over`, { body: {} }), 202);
const states = async (who: Member) =>
  (await crowd.ok(shop.api("GET", `/v1/kundeemner/${who.id}/kampagner`))).items
    .map(({ connection, state }: Record<string, string>) => `${connection} ${state}`)
    .toSorted();
const said = async (who: Member) =>
  (await crowd.ok(shop.api("GET", `/v1/kundeemner/${who.id}/samtykker`))).items.map(
    ({ kind, source }: Record<string, string>) => `${kind} ${source}`,
  );

test("R23 who unsubscribes at Mailchimp is told by an unsigned webhook, read there, and let go at every other tool", async () => {
  const a = await crowd.company("3011");
  const b = await crowd.company("3012");
  const id = await crowd.campaign(await crowd.segment("postnr in 3011..3019"), { connections: ["mails", "posts"] });
  await select(id);
  await carryOut();
  expect(mails.tagged("Efterår")).toEqual([a.email, b.email].toSorted());
  expect(await states(a)).toEqual(["mails in", "posts in"]);

  const path = "/v1/hooks/mails/optouts";
  await crowd.ok(shop.api("GET", path), 200);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const raw = `type=unsubscribe&data%5Bemail%5D=${encodeURIComponent(b.email)}`;
  shop.engine.due.length = 0;
  await crowd.ok(shop.api("POST", path, { raw, headers: form }), 202);
  expect(shop.engine.due).toEqual(["optOuts mails"]);
  expect((await shop.api("POST", "/v1/hooks/erp/optouts", { raw, headers: form })).status).toBe(404);
  // The notice was forged: what is read says that nobody has said no.
  expect(await readOptOuts(shop.engine.deps, "mails")).toBe(0);
  expect(await states(b)).toEqual(["mails in", "posts in"]);

  mails.unsubscribe(a.email);
  mails.clean(b.email);
  expect(await readOptOuts(shop.engine.deps, "mails")).toBe(2);
  expect(await readOptOuts(shop.engine.deps, "mails")).toBe(0);
  await carryOut();
  expect(posts.members(id)).toEqual([]);
  expect([await states(a), await states(b)]).toEqual([
    ["mails opted_out", "posts out"],
    ["mails opted_out", "posts out"],
  ]);
  expect((await said(a))[0]).toBe("withdrawn mails");
  expect((await said(b))[0]).toBe("unreachable mails");
});

test("R23 who says no at the tool while the batch is on its way there is opted out when it is answered", async () => {
  const a = await crowd.company("3311");
  const id = await crowd.campaign(await crowd.segment("postnr = 3311"), { name: "Sommer" });
  await select(id);
  await handOver(shop.engine.deps, "mails");
  mails.unsubscribe(a.email);
  expect(await readOptOuts(shop.engine.deps, "mails")).toBe(1);
  expect(await states(a)).toEqual(["mails waiting"]);
  await carryOut();
  expect(await states(a)).toEqual(["mails opted_out"]);
  expect(mails.member(a.email).status).toBe("unsubscribed");
});

test("R23 a no that has long stood at Mailchimp ends no later consent elsewhere, and is not undone there", async () => {
  const a = await crowd.company("3111");
  const id = await crowd.campaign(await crowd.segment("postnr = 3111"), {
    name: "Vinter",
    connections: ["mails", "posts"],
  });
  await select(id);
  await carryOut();
  mails.unsubscribe(a.email);
  await readOptOuts(shop.engine.deps, "mails");
  await carryOut();
  expect(posts.members(id)).toEqual([]);
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 60_000));
  const later = {
    channel: "email",
    kind: "given",
    kontaktpersonId: a.person,
    evidence: "form v4",
    optOutOffered: true,
  };
  await crowd.ok(shop.api("POST", `/v1/kundeemner/${a.id}/samtykker`, { body: later }), 201);
  // Somebody edits the member there: it shows as changed, and stands as it stood.
  mails.unsubscribe(a.email);
  expect(await readOptOuts(shop.engine.deps, "mails")).toBe(0);
  await select(id);
  await handOver(shop.engine.deps, "posts");
  await setNow(shop.engine.deps.db.sql, null);
  expect(posts.members(id)).toEqual([a.email]);
  expect(mails.member(a.email).status).toBe("unsubscribed");
  expect(await states(a)).toEqual(["mails opted_out", "posts in"]);
});

test("one whom Mailchimp refuses has a receipt that says so, and nobody else waits for it", async () => {
  const a = await crowd.company("3211");
  const b = await crowd.company("3212");
  mails.refuse(a.email);
  const id = await crowd.campaign(await crowd.segment("postnr in 3211..3219"), { name: "Forår" });
  await select(id);
  await carryOut();
  expect(mails.tagged("Forår")).toEqual([b.email]);
  const { items } = await crowd.ok(shop.api("GET", `/v1/campaigns/${id}/receipts`));
  expect(items.map(({ outcome, code }: Record<string, string>) => `${outcome} ${code}`).toSorted()).toEqual([
    ...["done null", "refused invalid_resource"],
  ]);
  await crowd.ok(shop.api("POST", `/v1/campaigns/${id}/end`, { body: {} }));
  await carryOut();
  expect(mails.tagged("Forår")).toEqual([]);
  expect(mails.member(b.email).status).toBe("subscribed");
});

test("a tool that passes addresses on takes those only who have agreed to just that, and is told so by the campaign", async () => {
  const a = await crowd.company("3411");
  const b = await crowd.company("3412");
  const { sql } = shop.engine.deps.db;
  // Only the list's own import says so.
  await sql.unsafe("update kundeemner set robinson_listed = false, robinson_checked_at = now() where id = any($1)", [
    [a.id, b.id],
  ]);
  const passing = {
    channel: "email",
    purpose: "videregivelse",
    kind: "given",
    evidence: "form v5",
    optOutOffered: true,
  };
  const body = { ...passing, kontaktpersonId: a.person };
  await crowd.ok(shop.api("POST", `/v1/kundeemner/${a.id}/samtykker`, { body }), 201);
  const segment = await crowd.segment("postnr in 3411..3412");
  const wish = { name: "Annoncer", segment, connections: ["ads"] };
  for (const more of [{}, { sender: "third_party", purpose: "service" }])
    expect(await shop.api("POST", "/v1/campaigns", { body: { ...wish, ...more } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "/sender", code: "not_allowed" }] },
    });
  const id = await crowd.campaign(segment, { ...wish, sender: "third_party" });
  expect(await select(id)).toMatchObject({ selected: 1, refused: { passing_on_consent_missing: 1 } });
});
