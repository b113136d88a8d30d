import { afterEach, expect, test } from "vitest";
import { findCreated } from "../../src/pipelines/creates.ts";
import { ingest } from "../../src/pipelines/ingest.ts";
import { prepare } from "../../src/pipelines/prepare.ts";
import { readBefore } from "../../src/pipelines/read-before.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { poll } from "../../src/pipelines/runs.ts";
import { leaseDue } from "../../src/store/deliveries.ts";
import { company, keeper, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);

const pushing = { api: { shop: { debitor: { direction: "in", firstMeeting: "remote", create: "in" } } } };

/** A stage whose only systems are pushed to us: nothing is called. */
async function startPushed() {
  const stage = await start({ objects: {}, open: [], ...pushing });
  await stage.ask("update lanes set released_in = true");
  const push = (firmanavn: string, more: Record<string, unknown> = {}) =>
    receive(stage.engine.deps, { connection: "shop", object: "debitor", via: "push" }, [
      { externalId: "1", data: { firmanavn }, ...more },
    ]);
  return { ...stage, push };
}

test("R5 A, B and A again are three changes, also when all three wait together", async () => {
  const { push, engine, ask, record } = await startPushed();
  for (const name of ["A ApS", "B ApS", "A ApS"]) expect(await push(name)).toMatchObject({ kept: 1, repeats: 0 });
  await engine.work();
  expect(await record("1")).toMatchObject({ firmanavn: "A ApS" });
  const versions = await ask(
    "select version, fields->'firmanavn' as name from history where fields->'firmanavn' is not null order by version",
  );
  expect(versions.map((each) => each.name)).toMatchObject([
    [null, "A ApS"],
    ["A ApS", "B ApS", "R12:changed"],
    ["B ApS", "A ApS", "R12:changed"],
  ]);
});

test("R5 the same content again is a repeat, and so is an event that was told before whatever it says", async () => {
  const { push, engine, ask, record } = await startPushed();
  expect(await push("A ApS", { eventId: "e1" })).toMatchObject({ kept: 1 });
  await engine.work();
  expect(await push("A ApS")).toMatchObject({ kept: 0, repeats: 1 });
  expect(await push("B ApS", { eventId: "e2" })).toMatchObject({ kept: 1 });
  await engine.work();
  // The sender's outbox tells the first event once more: it is older than what is known.
  expect(await push("A ApS", { eventId: "e1" })).toMatchObject({ kept: 0, repeats: 1 });
  await engine.work();
  expect(await record("1")).toMatchObject({ firmanavn: "B ApS" });
  expect(await ask("select count(*)::int as n from changes")).toMatchObject([{ n: 2 }]);
});

test("R5 what is sent again before it was decided is a repeat: the same content, or the same counter", async () => {
  const { push, engine, ask, record } = await startPushed();
  expect(await push("A ApS")).toMatchObject({ kept: 1 });
  expect(await push("A ApS")).toMatchObject({ kept: 0, repeats: 1 });
  expect(await push("B ApS", { counter: 7 })).toMatchObject({ kept: 1 });
  expect(await push("B ApS", { counter: 7 })).toMatchObject({ kept: 0, repeats: 1 });
  // The counter names the state of the object at the sender: what it says with it, it has said.
  expect(await push("C ApS", { counter: 7 })).toMatchObject({ kept: 0, repeats: 1 });
  expect(await push("B ApS", { counter: 8 })).toMatchObject({ kept: 1 });
  await engine.work();
  expect(await record("1")).toMatchObject({ firmanavn: "B ApS" });
  expect(await ask("select count(*)::int as n from changes")).toMatchObject([{ n: 3 }]);
});

test("R5 sent again after a write of ours is no repeat of what waits from before it: the remote has said it anew", async () => {
  const { push, engine, ask } = await startPushed();
  await push("A ApS");
  await engine.work();
  // What settling a write leaves: nothing that was told before counts as known.
  await ask("update links set newest_hash = null");
  expect(await push("B ApS")).toMatchObject({ kept: 1 });
  expect(await push("B ApS")).toMatchObject({ kept: 1, repeats: 0 });
});

test("R6 a reading whose request began before our write is not decided but read again: our name stays", async () => {
  const stage = await start({ rows: { Debitorer: [company("1")] } });
  const { engine, erp, ask, record } = stage;
  const before = erp.control.row("Debitorer", "1");
  const beganAt = new Date();
  await stage.edit("1", { firmanavn: "Ærø Skibsværft" });
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Ærø Skibsværft" });
  // A page that was asked for before the write arrives only now, as the ledger was then.
  const telling = { connection: "erp", object: "debitor", via: "poll", beganAt, writeCounts: new Map() } as const;
  await receive(engine.deps, telling, [{ externalId: "1", data: before }]);
  const gets = erp.log.entries({ method: "GET", id: "1" }).length;
  await engine.work();
  const [late] = await ask("select state, reason->>'code' as code from changes order by id desc limit 1");
  expect(late).toMatchObject({ state: "stale", code: "R6:before_our_write" });
  expect(erp.log.entries({ method: "GET", id: "1" }).length).toBe(gets + 1);
  expect(await record("1")).toMatchObject({ firmanavn: "Ærø Skibsværft" });
});

test("R6 nothing read while an attempt is in flight is decided", async () => {
  const stage = await start({ rows: { Debitorer: [company("1")] } });
  const { engine, erp, ask, record } = stage;
  await stage.edit("1", { firmanavn: "Ærø Skibsværft" });
  erp.control.addFault({ fault: { kind: "lateAnswer", ms: 2_500 }, function: "Debitorer", verb: "put", times: 1 });
  const working = engine.work();
  await erp.log.until((entry) => entry.method === "PUT" && entry.applied);
  expect(await stage.link("1")).toMatchObject({ in_flight: true });
  erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await poll(engine.deps, "erp", "debitor", "delta");
  const codes = await ask("select reason->>'code' as code from changes where state = 'stale'");
  expect(codes.map((each) => each.code)).toContain("R6:in_flight");
  expect(await record("1")).toMatchObject({ firmanavn: "Ærø Skibsværft", telefon: "62521234" });
  await working;
  await engine.settle();
  expect(await record("1")).toMatchObject({ firmanavn: "Ærø Skibsværft", telefon: "33112233" });
  expect(stage.bodies("1")).toHaveLength(1);
});

test("R6 a page that was asked for before the last decided reading arrived is older than it", async () => {
  const { engine, erp, ask, record } = await start({ rows: { Debitorer: [company("1")] } });
  const beganAt = new Date(Date.now() - 60_000);
  const old = erp.control.row("Debitorer", "1");
  erp.control.put("Debitorer", "1", { Navn: "Ny A/S" });
  await engine.settle();
  const telling = { connection: "erp", object: "debitor", via: "poll", beganAt } as const;
  await receive(engine.deps, telling, [{ externalId: "1", data: old }]);
  await engine.work();
  expect(await record("1")).toMatchObject({ firmanavn: "Ny A/S" });
  const [late] = await ask(
    "select state, reason->>'code' as code from changes where via = 'poll' order by id desc limit 1",
  );
  expect(late).toMatchObject({ state: "stale", code: "R6:begun_before_last_decided" });
});

test("R7 a batch is folded in order: of three changes the last one stands, and each is in the history", async () => {
  const { push, engine, ask, record } = await startPushed();
  for (const name of ["A ApS", "B ApS", "C ApS"]) await push(name);
  await engine.work();
  expect(await record("1")).toMatchObject({ firmanavn: "C ApS", version: expect.anything() });
  expect(await ask("select outcome from changes order by id")).toEqual([
    { outcome: "created" },
    { outcome: "updated" },
    { outcome: "updated" },
  ]);
});

test("R7 two accounts of one company in one batch are one record, the second by a person's word", async () => {
  const { engine, ask } = await start({
    rows: { Debitorer: [company("1"), company("2", { Navn: "Ærø Bådværft" })], Kreditorer: [company("7")] },
    objects: {
      debitor: { direction: "in", firstMeeting: "remote", create: "in" },
      kreditor: { direction: "in", firstMeeting: "remote", create: "in" },
    },
  });
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 1 }]);
  // The kreditor is the same company; the second debitor of it is a person's to decide (domain e.8).
  expect(await ask("select object, external_id, state from links order by object, external_id")).toEqual([
    { object: "debitor", external_id: "1", state: "linked" },
    { object: "debitor", external_id: "2", state: "suggested" },
    { object: "kreditor", external_id: "7", state: "linked" },
  ]);
  await engine.settle();
  expect(await ask("select kind from reviews where state = 'open'")).toEqual([{ kind: "match_case" }]);
});

test("R7 a failed batch is halved until the guilty change stands alone: the others are taken in", async () => {
  const rows = Array.from({ length: 9 }, (_, n) =>
    company(`${n + 1}`, { Navn: `Firma ${n + 1}`, SE_Nr: "", Adr1: "" }),
  );
  const { engine, erp, ask } = await start({ rows: { Debitorer: rows } });
  await ask("alter table kundeemner add constraint planted check (firmanavn <> 'Poison')");
  for (const { Kontonr = "" } of rows)
    erp.control.put("Debitorer", Kontonr, { Navn: Kontonr === "5" ? "Poison" : `Ny ${Kontonr}` });
  await engine.settle();
  const stand = await ask("select firmanavn from kundeemner order by firmanavn");
  expect(stand.map((each) => each.firmanavn)).toEqual([
    "Firma 5",
    "Ny 1",
    "Ny 2",
    "Ny 3",
    "Ny 4",
    "Ny 6",
    "Ny 7",
    "Ny 8",
    "Ny 9",
  ]);
  expect(
    await ask("select external_id, outcome, reason->>'code' as code from changes where state = 'quarantined'"),
  ).toEqual([{ external_id: "5", outcome: "quarantined", code: "fault" }]);
});

test("R7 a NUL character in a value, or a value that is too long, stops neither its own object nor the others", async () => {
  const { engine, erp, ask } = await start({
    rows: { Debitorer: [company("1"), company("2", { SE_Nr: "", Navn: "To ApS" })] },
  });
  erp.control.put("Debitorer", "1", { Att: "a\u0000b" });
  erp.control.put("Debitorer", "2", { Att: "Bo", Hjemmeside: "x".repeat(5_000) });
  await engine.settle();
  const waiting = await ask("select count(*)::int as n from changes where state = 'received'");
  expect(waiting).toEqual([{ n: 0 }]);
  erp.control.put("Debitorer", "2", { Att: "Ib", Hjemmeside: "" });
  await engine.settle();
  expect(await ask("select attention from kundeemner where firmanavn = 'To ApS'")).toEqual([{ attention: "Ib" }]);
});

test("R7 two systems that tell of one company at the same moment make one record", async () => {
  const wish = { debitor: { direction: "in", firstMeeting: "remote", create: "in" } };
  const stage = await start({ objects: {}, open: [], api: { nord: wish, syd: wish } });
  await stage.ask("update lanes set released_in = true");
  const { deps } = stage.engine;
  const companies = Array.from({ length: 20 }, (_, n) => ({
    firmanavn: `Firma ${n} ApS`,
    adresse1: `Vej ${n}`,
    postnr: "5970",
  }));
  for (const [name, order] of [
    ["nord", companies],
    ["syd", [...companies].reverse()],
  ] as const)
    await receive(
      deps,
      { connection: name, object: "debitor", via: "push" },
      order.map((data, n) => ({ externalId: `${name} ${n}`, data })),
    );
  await Promise.all([ingest(deps, "nord"), ingest(deps, "syd")]);
  expect(await stage.ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 20 }]);
  expect(await stage.ask("select count(*)::int as n from links where state = 'linked'")).toEqual([{ n: 40 }]);
  expect(await stage.ask("select state, outcome from changes where state <> 'decided'")).toEqual([]);
});

test("R6 what was read right before a write is not decided when a later reading was, but read again", async () => {
  const stage = await start({ rows: { Debitorer: [company("1")] } });
  const { engine, erp, ask, record } = stage;
  const { deps } = engine;
  await stage.edit("1", { attention: "Bo" });
  const leases = await leaseDue(deps.db.sql, "erp", ["debitor"], 8, 120_000);
  const read = await readBefore(deps, "erp", leases, await findCreated(deps, "erp", leases));
  // Before it is decided, somebody edits at the ledger, and a listing that began later brings it in.
  erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await poll(deps, "erp", "debitor", "delta");
  expect(await record("1")).toMatchObject({ telefon: "33112233" });
  expect(await prepare(deps, "erp", leases, read)).toEqual([]);
  expect(await record("1")).toMatchObject({ telefon: "33112233" });
  expect(await ask("select state, reason from deliveries")).toEqual([
    { state: "due", reason: "R6:begun_before_last_decided" },
  ]);
  await stage.ahead(1_000);
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Att: "Bo", Telefon: "33112233" });
});
