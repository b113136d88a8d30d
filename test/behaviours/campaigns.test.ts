import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type AudienceReceiver, startReceiver } from "../../simulators/audiences/receiver.ts";
import { claimNext, handOver } from "../../src/pipelines/audience/hand-over.ts";
import { noteOptOuts } from "../../src/pipelines/audience/opt-outs.ts";
import { setNow } from "../../src/store/clock.ts";
import { addConsent } from "../../src/store/consents.ts";
import { addOptOuts } from "../../src/store/opt-outs.ts";
import { type Crowd, crowdOf, type Member } from "../support/crowd-of-contacts.ts";
import { openShop, type Shop } from "../support/shop.ts";

vi.setConfig({ testTimeout: 120_000 });

let shop: Shop;
let mails: AudienceReceiver;
let letters: AudienceReceiver;
let crowd: Crowd;
beforeAll(async () => {
  [mails, letters] = await Promise.all([startReceiver(), startReceiver()]);
  const tool = ({ url, secret }: AudienceReceiver, form: string) => ({
    connector: "webhook",
    settings: { url, secret, form },
  });
  shop = await openShop({
    armed: true,
    connections: { mails: tool(mails, "standard"), letters: tool(letters, "cloudevents") },
  });
  crowd = crowdOf(shop);
});
afterAll(async () => {
  await shop?.close();
  await Promise.all([mails.close(), letters.close()]);
});

const select = (id: string) => crowd.ok(shop.api("POST", `/v1/campaigns/${id}/hand-over`, { body: {} }), 202);
const send = () => handOver(shop.engine.deps, "mails");
const receipts = async (id: string) =>
  (await crowd.ok(shop.api("GET", `/v1/campaigns/${id}/receipts`))).items.map(
    ({ connection, entityId, act, outcome, code, reason }: Record<string, string>) =>
      [connection, entityId, act, outcome, code ?? reason].join(" "),
  );
const standing = async (id: string) => (await crowd.ok(shop.api("GET", `/v1/campaigns/${id}`))).members;
const optOut = (name: string, body: object, status = 200) =>
  crowd.ok(shop.api("POST", `/v1/connections/${name}/optouts`, { body }), status);
const kampagner = async (who: Member) => (await crowd.ok(shop.api("GET", `/v1/kundeemner/${who.id}/kampagner`))).items;

test("S62 a campaign's members are handed to its tool as adds and removes, each with a receipt, and nothing that is known is sent again", async () => {
  const a = await crowd.company("1011");
  const b = await crowd.company("1012");
  const id = await crowd.campaign(await crowd.segment("postnr in 1011..1019"));
  expect(await select(id)).toMatchObject({ selected: 2, refused: {}, closed: null });
  expect(shop.engine.due).toContain("audience mails");
  expect(await standing(id)).toEqual([{ connection: "mails", state: "waiting", members: 2 }]);
  expect(await send()).toBe(1);
  expect(mails.members(id)).toEqual([a.email, b.email].toSorted());
  expect(mails.taken.at(-1)?.adds).toContainEqual({
    ...{ id: a.person, address: a.email, navn: expect.stringContaining("Person"), firmanavn: expect.any(String) },
  });
  await select(id);
  expect(await send()).toBe(0);
  await crowd.ok(shop.api("PATCH", `/v1/kundeemner/${a.id}`, { body: { postnr: "3000" } }));
  await select(id);
  await send();
  expect(mails.members(id)).toEqual([b.email]);
  expect(await receipts(id)).toEqual([
    ...[a, b].toSorted((x, y) => (x.email < y.email ? -1 : 1)).map((x) => `mails ${x.person} add done criterion`),
    `mails ${a.person} remove done criterion`,
  ]);
  expect(await kampagner(b)).toMatchObject([{ campaign: "Efterår", connection: "mails", state: "in", wanted: true }]);
  expect(await kampagner(a)).toMatchObject([{ state: "out", reason: "criterion" }]);
  const page = await crowd.ok(shop.api("GET", `/v1/campaigns/${id}/members?limit=1`));
  const rest = await crowd.ok(shop.api("GET", `/v1/campaigns/${id}/members?cursor=${page.next}`));
  expect([...page.items, ...rest.items].map(({ state }) => state).toSorted()).toEqual(["in", "out"]);
});

test("S62 who withdraws between the selection and the hand-over is not handed over", async () => {
  const a = await crowd.company("1111");
  const b = await crowd.company("1112");
  const id = await crowd.campaign(await crowd.segment("postnr in 1111..1119"));
  await select(id);
  await crowd.withdraw(a);
  await send();
  expect(mails.members(id)).toEqual([b.email]);
  expect(await kampagner(a)).toMatchObject([{ state: "out", reason: "consent_withdrawn" }]);
});

test("S62 the statement that hands over leaves out whose record, contact or consents moved after the verdict", async () => {
  const moves: Record<string, (who: Member) => Promise<unknown>> = {
    // Just committed: what follows from it has not been worked out yet.
    withdrawn: (who) =>
      addConsent(shop.engine.deps.db.sql, {
        ...{ ...optedOut(who), purpose: "markedsfoering", evidence: null, optOutOffered: null, source: null },
        ...{ kundeemneId: who.id, kontaktpersonId: who.person, by: "test" },
      }),
    forbidden: (who) => crowd.ok(shop.api("PATCH", `/v1/kundeemner/${who.id}`, { body: { tilladKampagne: false } })),
    moved: (who) =>
      crowd.ok(
        shop.api("PATCH", `/v1/kundeemner/${who.id}/kontaktpersoner/${who.person}`, {
          body: { email: `ny-${who.email}` },
        }),
      ),
    restricted: (who) =>
      crowd.ok(shop.api("POST", `/v1/kundeemner/${who.id}/restrict`, { body: { reason: "art. 18" } })),
    "the accounts office's": (who) =>
      crowd.ok(shop.api("PATCH", `/v1/kundeemner/${who.id}`, { body: { bogholderiEmail: who.email } })),
    "opted out": (who) => shop.engine.deps.db.sql.begin((tx) => addOptOuts(tx, "mails", [optedOut(who)])),
  };
  let postnr = 1210;
  for (const [what, move] of Object.entries(moves)) {
    postnr += 1;
    const who = await crowd.company(String(postnr));
    const other = await crowd.company(String(postnr));
    const id = await crowd.campaign(await crowd.segment(`postnr = ${postnr}`));
    await select(id);
    let isMoved = false;
    const claimed = await claimNext(shop.engine.deps, "mails", async () => {
      if (!isMoved) await move(who);
      isMoved = true;
    });
    const rows = await shop.engine.deps.db.sql.unsafe("select address from hand_overs where batch_id = $1", [
      claimed?.batch.id ?? null,
    ]);
    expect({ what, addresses: rows.map(({ address }) => address) }).toEqual({ what, addresses: [other.email] });
    await shop.engine.deps.db.sql.unsafe(
      "update hand_over_batches set lease_until = kobling_now() - interval '1 second'",
    );
    await send();
    expect(mails.members(id)).toEqual([other.email]);
  }
});
const optedOut = (who: Member, at = new Date().toISOString()) => ({
  ...({ address: who.email, channel: "email", kind: "withdrawn", at } as const),
});

test("R23 an opt-out at one tool ends the consent everywhere, and that tool never gets the address again whatever is said elsewhere later", async () => {
  const a = await crowd.company("1311");
  const b = await crowd.company("1312");
  const id = await crowd.campaign(await crowd.segment("postnr in 1311..1319"), { connections: ["mails", "letters"] });
  await select(id);
  await send();
  await handOver(shop.engine.deps, "letters");
  expect(letters.members(id)).toEqual([a.email, b.email].toSorted());
  expect(await optOut("mails", [{ address: a.email.toUpperCase(), at: "2026-10-01T10:00:00+02:00" }])).toEqual({
    ...{ noted: 1, known: 0, unreadable: [] },
  });
  // Nothing was said of when; an older time than the consent's ends nothing but at that tool.
  expect(await kampagner(a)).toMatchObject([{}, {}]);
  const verdict = () =>
    crowd.ok(shop.api("GET", `/v1/kundeemner/${a.id}/eligibility?channel=email&kontaktpersonId=${a.person}`));
  expect(await verdict()).toMatchObject({ allowed: true });
  expect(await optOut("mails", { address: a.email, at: new Date().toISOString() })).toMatchObject({ noted: 1 });
  expect((await verdict()).reasons.map(({ code }: { code: string }) => code)).toEqual(["consent_withdrawn"]);
  await handOver(shop.engine.deps, "letters");
  expect(letters.members(id)).toEqual([b.email]);
  expect(letters.taken.at(-1)?.removes).toEqual([{ id: a.person, address: a.email, reason: "consent_withdrawn" }]);
  const { items } = await crowd.ok(shop.api("GET", `/v1/kundeemner/${a.id}/samtykker`));
  expect(items[0]).toMatchObject({ kind: "withdrawn", source: "mails", by: "connection:mails", kundeemneId: a.id });

  await crowd.consent(a);
  await select(id);
  const before = mails.taken.length;
  await send();
  await handOver(shop.engine.deps, "letters");
  expect(letters.members(id)).toEqual([a.email, b.email].toSorted());
  expect(mails.taken.length).toBe(before);
  const mine = (await kampagner(a)).map(({ connection, state }: Record<string, string>) => `${connection} ${state}`);
  expect(mine.toSorted()).toEqual(["letters in", "mails opted_out"]);
});

test("R23 a withdrawal and a later grant between two hand-overs are told as two acts", async () => {
  const a = await crowd.company("1411");
  const id = await crowd.campaign(await crowd.segment("postnr = 1411"));
  await select(id);
  await send();
  await crowd.withdraw(a);
  await crowd.consent(a);
  await select(id);
  await send();
  expect((await receipts(id)).map((each: string) => each.split(" ").slice(2).join(" "))).toEqual([
    ...["add done criterion", "remove done criterion", "add done criterion"],
  ]);
  expect(mails.members(id)).toEqual([a.email]);
});

test("R23 an opt-out that was told before, or of an address that nobody has, changes no record; a receiver's own word counts too", async () => {
  const a = await crowd.company("1511");
  const id = await crowd.campaign(await crowd.segment("postnr = 1511"));
  const said = { address: "fremmed@eksempel.dk", kind: "complained", at: "2026-11-01T10:00:00Z" };
  expect(await optOut("mails", [said, { ...said, address: "ingen adresse" }])).toEqual({
    ...{ noted: 1, known: 0, unreadable: [1] },
  });
  expect(await optOut("mails", said)).toEqual({ noted: 0, known: 1, unreadable: [] });
  expect((await shop.api("POST", "/v1/connections/erp/optouts", { body: said })).status).toBe(404);
  // A stranger's no holds when the address comes to us later.
  const later = await crowd.company("1512", {}, { email: said.address });
  expect(
    await crowd.ok(
      shop.api("GET", `/v1/kundeemner/${later.id}/eligibility?channel=email&kontaktpersonId=${later.person}`),
    ),
  ).toMatchObject({ allowed: true }); // consented after it
  mails.optOut(a.email);
  await select(id);
  await send();
  expect(mails.members(id)).toEqual([]);
  expect(await kampagner(a)).toMatchObject([{ state: "opted_out", reason: "consent_withdrawn" }]);
});

test("a batch that was on its way when the process died is sent again under the same id, and doubles nobody", async () => {
  const a = await crowd.company("1611");
  const b = await crowd.company("1612");
  const id = await crowd.campaign(await crowd.segment("postnr in 1611..1612"));
  await select(id);
  // Died before it was sent.
  await claimNext(shop.engine.deps, "mails");
  expect(await send()).toBe(0);
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 3_600_000));
  expect(await send()).toBe(1);
  expect(mails.members(id)).toEqual([a.email, b.email].toSorted());
  await setNow(shop.engine.deps.db.sql, null);
  // Taken, and the answer was lost.
  const c = await crowd.company("1612");
  await select(id);
  mails.strike({ kind: "lost" });
  await send();
  expect((await receipts(id)).length).toBe(2);
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 3_600_000));
  await send();
  await setNow(shop.engine.deps.db.sql, null);
  expect(mails.repeats.length).toBe(1);
  expect((await receipts(id)).slice(2)).toEqual([`mails ${c.person} add done criterion`]);
  // Taken, the answer lost, and the consent withdrawn before the next try.
  const d = await crowd.company("1612");
  await select(id);
  mails.strike({ kind: "lost" });
  await send();
  await crowd.withdraw(d);
  await setNow(shop.engine.deps.db.sql, new Date(Date.now() + 3_600_000));
  await send();
  await setNow(shop.engine.deps.db.sql, null);
  expect(mails.members(id)).toEqual([a, b, c].map(({ email }) => email).toSorted());
  expect((await receipts(id)).at(-1)).toBe(`mails ${d.person} remove done consent_withdrawn`);
});

test("one member that a tool refuses, or for whom it refuses the whole batch, stops nobody else", async () => {
  const a = await crowd.company("1711");
  const b = await crowd.company("1712");
  const id = await crowd.campaign(await crowd.segment("postnr in 1711..1719"));
  mails.refuse(a.email, "bad_address");
  await select(id);
  await send();
  expect(mails.members(id)).toEqual([b.email]);
  expect(await kampagner(a)).toMatchObject([{ state: "refused", code: "bad_address" }]);
  const two = await crowd.campaign(await crowd.segment("postnr in 1711..1719"), { name: "Anden" });
  mails.refuse(a.email, "still_bad");
  mails.strike({ kind: "status", status: 400 });
  await select(two);
  await send();
  expect(mails.members(two)).toEqual([b.email]);
  mails.strike({ kind: "status", status: 503, retryAfter: 0 });
  await crowd.ok(shop.api("POST", `/v1/campaigns/${two}/end`, { body: {} }));
  await send();
  await send();
  expect(mails.members(two)).toEqual([]);
  expect(await crowd.ok(shop.api("GET", `/v1/campaigns/${two}`))).toMatchObject({ state: "ended" });
  expect(await select(two)).toMatchObject({ selected: 0, closed: "ended" });
});

test("a campaign hands over in its period only, and what its purpose or its tools cannot be is refused", async () => {
  const a = await crowd.company("1811", { tilladKampagne: false }, { consented: false });
  const segment = await crowd.segment("postnr = 1811", { purpose: "service" });
  const past = await crowd.campaign(segment, { endsOn: "2026-01-01" });
  expect(await select(past)).toMatchObject({ selected: 0, closed: "period_over" });
  const ahead = await crowd.campaign(segment, { startsOn: "2999-01-01" });
  expect(await select(ahead)).toMatchObject({ selected: 0, closed: "period_not_begun" });
  const service = await crowd.campaign(segment, { name: "Driftsbesked" });
  expect(await select(service)).toMatchObject({ selected: 1 });
  const advert = await crowd.campaign(segment, { purpose: "markedsfoering" });
  expect(await select(advert)).toMatchObject({ selected: 0, refused: { campaigns_not_allowed: 1 } });
  await send();
  expect(mails.members(service)).toEqual([a.email]);
  const wish = { name: "X", segment, connections: ["erp"] };
  expect(await shop.api("POST", "/v1/campaigns", { body: wish })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/connections", code: "not_allowed" }] },
  });
  const period = { ...wish, connections: ["mails"], startsOn: "2026-02-01", endsOn: "2026-01-01" };
  expect(await shop.api("POST", "/v1/campaigns", { body: period })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/endsOn", code: "contradiction" }] },
  });
  expect((await shop.api("DELETE", `/v1/segments/${segment}`)).status).toBe(409);
  expect((await crowd.ok(shop.api("GET", "/v1/campaigns"))).items.length).toBeGreaterThan(3);
});

test("S24 an accounts office's address is in no campaign, whoever else has it and whatever the purpose", async () => {
  const a = await crowd.company("1911", {}, { email: "regnskab@falles.dk" });
  await crowd.company("1912", { bogholderiEmail: "Regnskab@Falles.dk" });
  for (const purpose of ["markedsfoering", "service"]) {
    const id = await crowd.campaign(await crowd.segment("postnr = 1911", { purpose }));
    expect(await select(id)).toMatchObject({ selected: 0 });
    await send();
    expect(mails.members(id)).not.toContain(a.email);
  }
});

test("S62 whatever was said in whatever order, at us or at two tools that disagree, nobody is handed over whom the rule refuses then", async () => {
  const people = [await crowd.company("2011"), await crowd.company("2012"), await crowd.company("2013")];
  const id = await crowd.campaign(await crowd.segment("postnr in 2011..2012 and findesDeb = false"), {
    connections: ["mails", "letters"],
  });
  const tools = { mails, letters };
  const gone = { mails: new Set<string>(), letters: new Set<string>() };
  const step = fc.record({
    who: fc.nat(2),
    tool: fc.constantFrom("mails" as const, "letters" as const),
    does: fc.constantFrom(
      ...["consent", "withdraw", "optOut", "forbid", "permit", "in", "out", "select", "send", "claim"],
    ),
  });
  const isAllowed = async (email: string) => {
    const who = people.find((each) => each.email === email);
    const { allowed } = await crowd.ok(
      shop.api("GET", `/v1/kundeemner/${who?.id}/eligibility?channel=email&kontaktpersonId=${who?.person}`),
    );
    return allowed as boolean;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      for (const { who, does, tool } of steps) {
        const person = people[who];
        if (person === undefined) continue;
        const patch = (fields: object) => shop.api("PATCH", `/v1/kundeemner/${person.id}`, { body: { ...fields } });
        const before = tools[tool].taken.length;
        if (does === "consent") await crowd.consent(person);
        else if (does === "withdraw") await crowd.withdraw(person);
        else if (does === "forbid") await patch({ tilladKampagne: false });
        else if (does === "permit") await patch({ tilladKampagne: true });
        else if (does === "in") await patch({ postnr: "2011" });
        else if (does === "out") await patch({ postnr: "2500" });
        else if (does === "select") await select(id);
        else if (does === "optOut") {
          await noteOptOuts(shop.engine.deps, tool, [optedOut(person)]);
          gone[tool].add(person.email);
        } else if (does === "claim")
          // It dies between the hand-over and the sending; somebody takes it up later.
          await claimNext(shop.engine.deps, tool).then(() =>
            shop.engine.deps.db.sql.unsafe(
              "update hand_over_batches set lease_until = kobling_now() - interval '1 second'",
            ),
          );
        else await handOver(shop.engine.deps, tool);
        for (const { adds, campaign } of tools[tool].taken.slice(before))
          for (const { address } of campaign === id ? adds : []) {
            expect({ address, allowed: await isAllowed(address) }).toEqual({ address, allowed: true });
            expect(gone[tool].has(address)).toBe(false);
          }
      }
      await select(id);
      for (const tool of ["mails", "letters"] as const) {
        await handOver(shop.engine.deps, tool);
        for (const address of tools[tool].members(id))
          if (!gone[tool].has(address)) expect(await isAllowed(address)).toBe(true);
      }
    }),
    { numRuns: 25 },
  );
});
