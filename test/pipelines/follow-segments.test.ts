import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { followSegments, runDueSegments } from "../../src/pipelines/follow-segments.ts";
import { startFollowing } from "../../src/pipelines/follow-wake.ts";
import { judgeAll } from "../../src/pipelines/judge-people.ts";
import { setNow } from "../../src/store/clock.ts";
import { pageCandidates } from "../../src/store/segment-candidates.ts";
import { findSegment } from "../../src/store/segments.ts";
import { ok } from "../support/ok.ts";
import { openShop, type Shop } from "../support/shop.ts";
import { until } from "../support/until.ts";

vi.setConfig({ testTimeout: 240_000 });

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ armed: true });
});
afterAll(() => shop?.close());

const post = (path: string, body: Record<string, unknown> = {}) => shop.api("POST", path, { body });
const follow = () => followSegments(shop.engine.deps);

let count = 0;
interface Known {
  readonly id: string;
  readonly person: string;
  readonly email: string;
}
async function company(fields: Record<string, unknown> = {}): Promise<Known> {
  count += 1;
  const approved = { tilladKampagne: true, gdprOk: true, gdprDato: "2026-06-01", kundetype: "BTB" };
  const wish = { firmanavn: `Fulgt ${count} ApS`, postnr: "8000", telefon: `625211${String(10 + count)}`, ...approved };
  const { meta } = await ok(post("/v1/kundeemner", { ...wish, virksomhedsform: "80", ...fields }), 201);
  const email = `f${count}@fulgt${count}.dk`;
  const contact = await ok(
    post(`/v1/kundeemner/${meta.id}/kontaktpersoner`, {
      navn: `P ${count}`,
      email,
      mobil: `2010${String(2000 + count)}`,
    }),
    201,
  );
  const { sql } = shop.engine.deps.db;
  await sql.unsafe("update kundeemner set reklamebeskyttet_vaerdi = false where id = $1", [meta.id]);
  return { id: String(meta.id), person: String(contact.meta.id), email };
}
const consent = ({ id, person }: Known, kind: string, channel = "email") =>
  ok(
    post(`/v1/kundeemner/${id}/samtykker`, {
      ...{ channel, kind, kontaktpersonId: person },
      ...(kind === "given" ? { evidence: "form v3", optOutOffered: true } : {}),
    }),
    201,
  );
const segment = async (filter: string, more: Record<string, unknown> = {}): Promise<string> =>
  (await ok(post("/v1/segments", { name: "Fulgt", level: "kontaktperson", channel: "email", filter, ...more }), 201))
    .id;
const run = (id: string) => ok(post(`/v1/segments/${id}/run`));
const rowsOf = async (id: string) => {
  const { sql } = shop.engine.deps.db;
  return (
    await sql`select entity_id, kundeemne_id, why from segment_members where segment_id = ${id}::text::uuid order by 1`
  ).map((row) => `${row.entity_id} ${row.kundeemne_id} ${row.why}`);
};
const eventsOf = async (id: string) =>
  (await ok(shop.api("GET", `/v1/segments/${id}/events?limit=500`))).items.map(
    ({ entityId, change, reason }: Record<string, string>) => `${entityId} ${change} ${reason}`,
  );

test("a change is followed in the segments that read it, without a run", async () => {
  const a = await company({ postnr: "1301" });
  const b = await company({ postnr: "1401" });
  await consent(a, "given");
  const id = await segment("postnr in 1300..1399");
  await follow();
  expect(await rowsOf(id)).toEqual([]); // never run: empty
  await run(id);
  expect(await rowsOf(id)).toEqual([`${a.person} ${a.id} criterion`]);
  await ok(shop.api("PATCH", `/v1/kundeemner/${b.id}`, { body: { postnr: "1302" } }));
  expect(await follow()).toEqual({ added: 0, removed: 0 }); // meets it, and has not consented
  await consent(b, "given");
  expect(await follow()).toEqual({ added: 1, removed: 0 });
  await ok(shop.api("PATCH", `/v1/kundeemner/${a.id}`, { body: { postnr: "1501" } }));
  await consent(b, "withdrawn");
  expect(await follow()).toEqual({ added: 0, removed: 2 });
  const events = await eventsOf(id);
  expect(events.slice(0, 2)).toEqual([`${a.person} added criterion`, `${b.person} added criterion`]);
  expect(events.slice(2).toSorted()).toEqual(
    [`${a.person} removed criterion`, `${b.person} removed consent_withdrawn`].toSorted(),
  );
  expect(await follow()).toEqual({ added: 0, removed: 0 });
});

test("an address that becomes an accounts office's elsewhere goes out, and comes in again when it is none any more", async () => {
  const [a, b] = [await company({ postnr: "1701" }), await company({ postnr: "1801" })];
  await consent(a, "given");
  const id = await segment("postnr in 1700..1799");
  await run(id);
  await ok(shop.api("PATCH", `/v1/kundeemner/${b.id}`, { body: { bogholderiEmail: a.email.toUpperCase() } }));
  expect(await follow()).toEqual({ added: 0, removed: 1 });
  await ok(shop.api("PATCH", `/v1/kundeemner/${b.id}`, { body: { bogholderiEmail: null } }));
  expect(await follow()).toEqual({ added: 1, removed: 0 });
});

test("a consent of a telephone, which nothing can look up, makes the segments of its channel due for a run", async () => {
  const a = await company({ postnr: "1901", telefon: "62521901" });
  const id = await segment("postnr in 1900..1999", { level: "kundeemne", channel: "phone" });
  await run(id);
  expect(await rowsOf(id)).toEqual([`${a.id} ${a.id} criterion`]);
  await follow();
  expect(await runDueSegments(shop.engine.deps)).toBe(0);
  await ok(post(`/v1/kundeemner/${a.id}/samtykker`, { channel: "phone", kind: "withdrawn" }), 201);
  expect(await follow()).toEqual({ added: 0, removed: 1 });
  expect(shop.engine.due).toContain("segments kobling");
  expect(await runDueSegments(shop.engine.deps)).toBe(1);
  expect(await runDueSegments(shop.engine.deps)).toBe(0);
});

test("segments run once more when another day has come in Copenhagen", async () => {
  const id = await segment("nyesteAkt < today-90d");
  await run(id);
  await runDueSegments(shop.engine.deps);
  const { sql } = shop.engine.deps.db;
  await setNow(sql, new Date(Date.now() + 24 * 3_600_000));
  try {
    expect(await runDueSegments(shop.engine.deps)).toBeGreaterThan(0);
    expect(await runDueSegments(shop.engine.deps)).toBe(0);
  } finally {
    await setNow(sql, null);
    await runDueSegments(shop.engine.deps);
  }
});

test("a commit wakes whoever follows, and nobody polls", async () => {
  const a = await company({ postnr: "2101" });
  const id = await segment("postnr in 2100..2199");
  await run(id);
  const following = await startFollowing(shop.engine.deps);
  try {
    await consent(a, "given");
    await until("the member is in", async () => (await rowsOf(id)).length === 1);
  } finally {
    await following.close();
  }
});

/** Members and refusals by the slow way: the criterion a page at a time, and everything of each person for the rule. */
async function expected(id: string): Promise<string[]> {
  const { sql } = shop.engine.deps.db;
  const segment = await findSegment(sql, id);
  if (segment === undefined) throw new Error("No segment");
  const page = await pageCandidates(sql, { ...segment, after: null, limit: 1000 });
  const judged = await judgeAll(sql, shop.engine.deps, segment, page);
  return judged
    .filter(({ verdict }) => verdict.allowed)
    .map((each) => `${each.entityId} ${each.kundeemneId} criterion`);
}

test("whatever happens in whatever order, what is followed is what a run gives: members, events and reasons", async () => {
  let people: Known[] = [];
  const wishes: [string, Record<string, unknown>][] = [
    ["postnr in 3000..3099", {}],
    ["not postnr in 3000..3099 and firmanavn ~ Fulgt", { purpose: "service" }],
    ["tilladKampagne", { level: "kundeemne", channel: "phone" }],
    ["updatedAt > 2020-01-01T00:00:00Z and vaerdi < 5", { level: "kundeemne", channel: "phone", purpose: "service" }],
    ["none", {}],
  ];
  const pairs: [string, string][] = [];
  for (const [filter, more] of wishes) pairs.push([await segment(filter, more), await segment(filter, more)]);
  await follow();
  for (const pair of pairs) for (const id of pair) await run(id);
  const { sql } = shop.engine.deps.db;
  // Of each pair one is followed, the other run: whoever is followed twice would hide what following forgets.
  const runs = pairs.map(([, id]) => id);
  const unfollow = () => sql`update segments set followed_version = null where id = any(${runs}::text[]::uuid[])`;
  const step = fc.record({
    who: fc.nat(2),
    other: fc.nat(2),
    does: fc.constantFrom(
      ...(["given", "withdrawn", "complained", "move", "away", "forbid", "permit", "protect", "archive"] as const),
      ...(["unarchive", "restrict", "unrestrict", "readdress", "gone", "anew", "accounts", "wish", "unwish"] as const),
      ...(["rename", "merge", "dealing", "erase"] as const),
    ),
  });
  const act = async (who: number, other: number, does: string): Promise<unknown> => {
    const known = people[who];
    const another = people[other];
    if (known === undefined || another === undefined) return;
    const record = `/v1/kundeemner/${known.id}`;
    const patch = (body: Record<string, unknown>) => shop.api("PATCH", record, { body });
    const contact = `${record}/kontaktpersoner/${known.person}`;
    switch (does) {
      case "given":
      case "withdrawn":
      case "complained":
        return await post(`${record}/samtykker`, {
          ...{ channel: "email", kind: does, kontaktpersonId: known.person },
          ...(does === "given" ? { evidence: "form", optOutOffered: true } : {}),
        });
      case "move":
        return await patch({ postnr: `30${10 + other}` });
      case "away":
        return await patch({ postnr: "9999" });
      case "forbid":
      case "permit":
        return await patch({ tilladKampagne: does === "permit" });
      case "protect":
        return await patch({ indsigelse: other === 0 ? null : "2026-06-01" });
      case "archive":
      case "unarchive":
        return await post(`${record}/${does}`, { reason: "x" });
      case "restrict":
      case "unrestrict":
        return await post(`${record}/${does}`, { reason: "x" });
      case "readdress":
        return await shop.api("PATCH", contact, { body: { email: another.email } });
      case "gone":
        return await shop.api("DELETE", contact);
      case "anew": {
        const made = await post(`${record}/kontaktpersoner`, { navn: "Ny", email: known.email });
        if (made.status === 201) people[who] = { ...known, person: String(made.body.meta.id) };
        return;
      }
      case "accounts":
        return await patch({ bogholderiEmail: other === who ? null : another.email });
      case "wish":
        return await Promise.all(
          (pairs[4] ?? []).map((id) => post(`/v1/segments/${id}/members`, { entityId: known.person })),
        );
      case "unwish":
        return await Promise.all(
          (pairs[4] ?? []).map((id) => shop.api("DELETE", `/v1/segments/${id}/members/${known.person}`)),
        );
      case "dealing":
        return await post(`${record}/aktiviteter`, { type: "moede", dato: "2026-06-01", vaerdi: "10" });
      case "erase":
        if (other === 2) await post(`${record}/erase`, {});
        if (other === 2) people[who] = await company({ postnr: "3003" });
        return;
      case "merge":
        if (who !== other) return await post(`${record}/merge`, { other: another.id });
        return;
      default:
        return await patch({ firmanavn: other === 0 ? "Andet ApS" : `Fulgt igen ${who} ApS` });
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      people = [
        await company({ postnr: "3001" }),
        await company({ postnr: "3002" }),
        await company({ postnr: "9999" }),
      ];
      for (const known of people.slice(1)) await consent(known, "given");
      for (const { who, other, does } of steps) {
        await act(who, other, does);
        await unfollow();
        await follow();
        for (const [at, [followed, ran]] of pairs.entries()) {
          await run(ran);
          if (at < 4) expect([does, await rowsOf(ran)]).toEqual([does, (await expected(ran)).toSorted()]);
          expect([does, await rowsOf(followed)]).toEqual([does, await rowsOf(ran)]);
          expect((await eventsOf(followed)).toSorted()).toEqual((await eventsOf(ran)).toSorted());
        }
      }
    }),
    { numRuns: 12 },
  );
});
