import { afterEach, expect, test } from "vitest";
import { startPostgresProxy } from "../../faults/postgres-proxy.ts";
import { findCreated } from "../../src/pipelines/creates.ts";
import { deliver } from "../../src/pipelines/deliver.ts";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { ingestAndReadAgain, readListing } from "../../src/pipelines/listing.ts";
import { prepare } from "../../src/pipelines/prepare.ts";
import { readBefore } from "../../src/pipelines/read-before.ts";
import { send } from "../../src/pipelines/send.ts";
import { settleAll } from "../../src/pipelines/settle.ts";
import { openDatabase } from "../../src/store/database.ts";
import { leaseDue, reclaimLost } from "../../src/store/deliveries.ts";
import { openRun } from "../../src/store/runs.ts";
import { person } from "../support/engine.ts";
import { company, keeper, type Stage, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);
const one = { rows: { Debitorer: [company("1")] } };
const s = 1_000;

test("R13 our own write that comes back, though its answer was lost, is no change by the ledger and not sent again", async () => {
  const { engine, erp, edit, record, ask, ahead, bodies } = await start(one);
  erp.control.addFault({ fault: { kind: "reset", when: "after" }, verb: "put", id: "1", times: 1 });
  await edit("1", { firmanavn: "Ærø Skibsværft" });
  await engine.work();
  const { version } = await record("1");
  expect(await ask("select state from deliveries")).toEqual([{ state: "uncertain" }]);
  await engine.settle();
  await ahead(31 * s);
  await engine.settle();
  expect(await ask("select state from deliveries")).toEqual([{ state: "settled" }]);
  expect(bodies("1")).toEqual([{ Navn: "Ærø Skibsværft" }]);
  expect(await record("1")).toMatchObject({ firmanavn: "Ærø Skibsværft", version });
});

test("R13 our own write whose sender died is recognised also when a listing shows it first, long after: the newer edit stands", async () => {
  const { engine, erp, edit, record, reviews, ahead } = await start(one);
  const { deps } = engine;
  await edit("1", { firmanavn: "Første ApS" });
  const leases = await leaseDue(deps.db.sql, "erp", ["debitor"], 8, 120_000);
  const found = await findCreated(deps, "erp", leases);
  const attempts = await prepare(deps, "erp", leases, await readBefore(deps, "erp", leases, found));
  await send(deps, "erp", attempts); // the process dies here
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Første ApS" });
  await edit("1", { firmanavn: "Anden ApS" });
  await ahead(130 * s);
  await reclaimLost(deps.db.sql, "erp", 30 * s, 5 * s);
  await ahead(300 * s); // nobody could read the ledger for minutes
  await readListing(
    deps,
    "erp",
    "debitor",
    await openRun(deps.db.sql, { connection: "erp", object: "debitor", kind: "delta", by: "test" }),
  );
  await ingestAndReadAgain(deps, "erp");
  expect(await record("1")).toMatchObject({ firmanavn: "Anden ApS" });
  await engine.settle();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Anden ApS" });
  expect(await reviews()).toEqual([]);
});

test("R13 a write that arrives after we gave it up is recognised: our newer value stands, here and there", async () => {
  const { engine, erp, edit, record, reviews, ahead } = await start(one);
  erp.control.addFault({ fault: { kind: "reset", when: "before" }, verb: "put", id: "1", times: 1 });
  await edit("1", { firmanavn: "Første ApS" });
  await engine.work();
  await ahead(31 * s);
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Første ApS" });
  await ahead(35 * s);
  await edit("1", { firmanavn: "Anden ApS" });
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Anden ApS" });
  // Now the first request, stuck somewhere on the way, is carried out.
  erp.control.put("Debitorer", "1", { Navn: "Første ApS" });
  await ahead(40 * s);
  await engine.settle();
  expect(await record("1")).toMatchObject({ firmanavn: "Anden ApS" });
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Anden ApS" });
  expect(await reviews()).toEqual([]);
});

test("R13 a remote edit back to what we once sent is an edit, once that write is settled", async () => {
  const { engine, erp, edit, record } = await start(one);
  await edit("1", { firmanavn: "Første ApS" });
  await engine.work();
  erp.control.put("Debitorer", "1", { Navn: "Deres ApS" });
  await engine.settle();
  erp.control.put("Debitorer", "1", { Navn: "Første ApS" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ firmanavn: "Første ApS" });
  expect(erp.log.writes("Debitorer", "1")).toHaveLength(1);
});

test("R17 what the ledger spells its own way is a rendering: we keep ours, and neither side is written again", async () => {
  const { engine, erp, edit, record, ask } = await start(one);
  erp.control.addFault({ fault: { kind: "render", field: "Navn", how: "upper" } });
  await edit("1", { firmanavn: "Ærø Skibsværft" });
  await engine.work();
  for (let round = 0; round < 2; round += 1) await engine.settle();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "ÆRØ SKIBSVÆRFT" });
  expect(await record("1")).toMatchObject({ firmanavn: "Ærø Skibsværft" });
  expect(erp.log.writes("Debitorer", "1")).toHaveLength(1);
  expect(await ask("select renderings->'firmanavn'->0 as pair from links")).toMatchObject([
    { pair: { sent: { firmanavn: "Ærø Skibsværft" }, got: { firmanavn: "ÆRØ SKIBSVÆRFT" } } },
  ]);
  erp.control.put("Debitorer", "1", { Navn: "Et Andet Navn" });
  await engine.settle();
  expect(await record("1")).toMatchObject({ firmanavn: "Et Andet Navn" });
});

test("R17 a field that the ledger ignores is told once and not sent again until our value changes", async () => {
  const { engine, erp, edit, record, reviews } = await start(one);
  erp.control.addFault({ fault: { kind: "ignoreField", field: "Telefon" } });
  await edit("1", { telefon: "33112233" });
  await engine.work();
  const puts = () => erp.log.entries({ method: "PUT", id: "1" }).length;
  expect(await reviews("ignored_write")).toMatchObject([{ unit: "telefon", external_id: "1" }]);
  expect(puts()).toBe(1);
  await engine.settle();
  expect(puts()).toBe(1);
  expect(await record("1")).toMatchObject({ telefon: "33112233" });
  await edit("1", { telefon: "33445566" });
  await engine.work();
  expect(puts()).toBe(2);
});

test("R17 three different renderings of one value are held: somebody has to look at that field", async () => {
  const { engine, erp, edit, reviews } = await start(one);
  const name = "Alfa Beta Gamma Delta";
  for (const max of [18, 12, 8]) {
    const rule = erp.control.addFault({ fault: { kind: "render", field: "Navn", how: "cut", max } });
    await edit("1", { firmanavn: name });
    await engine.work();
    erp.control.clearFaults(rule);
    if (max === 8) break;
    erp.control.put("Debitorer", "1", { Navn: `Mellem ${max}` });
    await engine.settle();
  }
  expect(await reviews("conflict")).toMatchObject([{ unit: "firmanavn", reason: "R17:three_renderings" }]);
});

/** A worker that has written its attempts ahead, and dies before it sends them. */
async function leaseAndPrepare({ engine: { deps } }: Stage) {
  const leases = await leaseDue(deps.db.sql, "erp", ["debitor"], 8, 120 * s);
  const read = await readBefore(deps, "erp", leases, await findCreated(deps, "erp", leases));
  return prepare(deps, "erp", leases, read);
}

test("R18 the lease of a worker that died is taken back; after the quiet time another one sends it, once", async () => {
  const stage = await start(one);
  const { engine, edit, ask, ahead, bodies } = stage;
  await edit("1", { firmanavn: "Ærø Skibsværft" });
  expect(await leaseAndPrepare(stage)).toHaveLength(1);
  await ahead(60 * s);
  expect(await deliver(engine.deps, "erp")).toEqual({ leased: 0, sent: 0 });
  await ahead(121 * s);
  // It may have gone through: nothing is written to that link until the quiet time has passed.
  expect(await deliver(engine.deps, "erp")).toEqual({ leased: 0, sent: 0 });
  expect(await ask("select state from deliveries")).toEqual([{ state: "uncertain" }]);
  expect(await ask("select state, error from attempts")).toEqual([{ state: "uncertain", error: "lease_lost" }]);
  await ahead(152 * s);
  expect(await deliver(engine.deps, "erp")).toEqual({ leased: 1, sent: 1 });
  expect(bodies("1")).toEqual([{ Navn: "Ærø Skibsværft" }]);
  expect(await ask("select state from deliveries")).toEqual([{ state: "settled" }]);
});

test("R18 a worker that comes back after its lease was given on changes nothing: only its attempt's outcome is noted", async () => {
  const stage = await start(one);
  const { engine, erp, edit, link, record, ask, ahead } = stage;
  await edit("1", { firmanavn: "Første ApS" });
  const attempts = await leaseAndPrepare(stage);
  // It hangs; its request goes out only when another worker has long taken over.
  const results = await send(engine.deps, "erp", attempts);
  await ahead(121 * s);
  await deliver(engine.deps, "erp");
  await ahead(152 * s);
  await edit("1", { firmanavn: "Anden ApS" });
  await deliver(engine.deps, "erp");
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Anden ApS" });
  const before = await link("1");
  await settleAll(engine.deps, "erp", results);
  expect(await link("1")).toMatchObject({ base: before.base, write_count: before.write_count, in_flight: false });
  expect(await ask("select state from deliveries")).toEqual([{ state: "settled" }]);
  await ahead(200 * s);
  await engine.settle();
  expect(await record("1")).toMatchObject({ firmanavn: "Anden ApS" });
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Anden ApS" });
});

test("R18 a worker that comes back while another one holds the lease ends neither that lease nor what is in flight", async () => {
  const stage = await start(one);
  const { engine, erp, edit, link, ask, ahead } = stage;
  await edit("1", { firmanavn: "Første ApS" });
  const results = await send(engine.deps, "erp", await leaseAndPrepare(stage));
  await ahead(121 * s);
  await deliver(engine.deps, "erp");
  await ahead(152 * s);
  await edit("1", { firmanavn: "Anden ApS" });
  const later = await leaseAndPrepare(stage);
  const before = await link("1");
  expect(before).toMatchObject({ in_flight: true });
  await settleAll(engine.deps, "erp", results);
  expect(await ask("select state from deliveries")).toEqual([{ state: "leased" }]);
  const { base, write_count, in_flight, images } = before;
  expect(await link("1")).toMatchObject({ base, write_count, in_flight, images });
  await settleAll(engine.deps, "erp", await send(engine.deps, "erp", later));
  expect(await ask("select state from deliveries")).toEqual([{ state: "settled" }]);
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Anden ApS" });
});

test("R18 a lease that is lost while its settle waits for the link ends neither the next lease nor what is in flight", async () => {
  const stage = await start(one);
  const { engine, erp, edit, link, ask, ahead } = stage;
  const { deps } = engine;
  const proxy = await startPostgresProxy(deps.db.url);
  const db = openDatabase(proxy.url, { max: 2 });
  try {
    await edit("1", { firmanavn: "Første ApS" });
    const results = await send(deps, "erp", await leaseAndPrepare(stage));
    const locks = proxy.hold("statement", ({ text }) => text.includes("from links") && text.includes("for update"));
    const settling = settleAll({ ...deps, db }, "erp", results);
    await locks.sprung;
    await ahead(121 * s);
    await deliver(deps, "erp");
    await ahead(152 * s);
    await edit("1", { firmanavn: "Anden ApS" });
    const later = await leaseAndPrepare(stage);
    const before = await link("1");
    expect(before).toMatchObject({ in_flight: true });
    locks.release();
    await settling;
    expect(await ask("select state from deliveries")).toEqual([{ state: "leased" }]);
    const { base, write_count, in_flight, images } = before;
    expect(await link("1")).toMatchObject({ base, write_count, in_flight, images });
    await settleAll(deps, "erp", await send(deps, "erp", later));
    expect(await ask("select state from deliveries")).toEqual([{ state: "settled" }]);
    expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Anden ApS" });
  } finally {
    await db.close();
    await proxy.close();
  }
});

test("R18 nothing is sent whose lease would end before its answer: it is due again, and goes once", async () => {
  const stage = await start(one);
  const { engine, edit, link, ask, bodies } = stage;
  const { deps } = engine;
  await edit("1", { firmanavn: "Ærø Skibsværft" });
  const results = await send(deps, "erp", await leaseAndPrepare(stage), performance.now() - 1);
  expect(bodies("1")).toEqual([]);
  await settleAll(deps, "erp", results);
  expect(await ask("select state from deliveries")).toEqual([{ state: "due" }]);
  expect(await link("1")).toMatchObject({ in_flight: false, images: null });
  await stage.ahead(60 * s);
  await engine.work();
  expect(bodies("1")).toEqual([{ Navn: "Ærø Skibsværft" }]);
});

test("R18 after an answer that never came the link is left alone for the quiet time, whatever else is owed", async () => {
  const { engine, erp, edit, ahead } = await start(one);
  erp.control.addFault({ fault: { kind: "reset", when: "before" }, verb: "put", id: "1", times: 1 });
  await edit("1", { firmanavn: "Første ApS" });
  await engine.work();
  await edit("1", { telefon: "33112233" });
  await ahead(20 * s);
  await engine.work();
  expect(erp.log.entries({ method: "PUT" })).toHaveLength(1);
  await ahead(31 * s);
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Første ApS", Telefon: "33112233" });
});

const creating = {
  rows: { Debitorer: [] },
  objects: { debitor: { direction: "both", firstMeeting: "remote", create: "both" } },
};
const address = { adresse1: "Havnegade 1", postnr: "5000", bynavn: "Odense C" };
const make = ({ engine }: Stage, values: Record<string, string> = {}) =>
  createEntity(engine.deps, { entity: "kundeemne", values: { firmanavn: "Ny Havn ApS", ...values }, by: person });
const posts = ({ erp }: Stage) => erp.log.entries({ method: "POST", function: "Debitorer" });

test("R19 a create whose answer was lost is looked up and found: it is not sent twice, nor taken for a stranger", async () => {
  const stage = await start(creating);
  const { engine, erp, ask, ahead } = stage;
  erp.control.addFault({ fault: { kind: "reset", when: "after" }, verb: "post", times: 1 });
  const { id } = await make(stage);
  await engine.work();
  // A listing shows the new row before we know that it is ours.
  await engine.settle();
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 1 }]);
  await ahead(36 * s);
  await engine.work();
  expect(posts(stage)).toHaveLength(1);
  expect(await ask("select state, entity_id from links")).toEqual([{ state: "linked", entity_id: id }]);
  await engine.settle();
  expect(await ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 1 }]);
  expect(erp.control.rows("Debitorer")).toHaveLength(1);
});

test("R19 a remote that shows new rows late is asked only when it must have shown them", async () => {
  const stage = await start(creating);
  const { engine, erp, ask, ahead } = stage;
  erp.control.addFault({ fault: { kind: "reset", when: "after" }, verb: "post", times: 1 });
  erp.control.addFault({ fault: { kind: "showLate", reads: 1 }, verb: "post", times: 1 });
  await make(stage);
  await engine.work();
  await ahead(31 * s);
  await engine.settle(); // the quiet time has passed, the time to show it has not; this listing hides the row
  expect(posts(stage)).toHaveLength(1);
  await ahead(36 * s);
  await engine.work();
  expect(posts(stage)).toHaveLength(1);
  expect(await ask("select state from links")).toEqual([{ state: "linked" }]);
});

test("R19 a create that never arrived is sent again after it was looked for", async () => {
  const stage = await start(creating);
  const { engine, erp, ahead } = stage;
  erp.control.addFault({ fault: { kind: "reset", when: "before" }, verb: "post", times: 1 });
  await make(stage);
  await engine.work();
  await ahead(36 * s);
  await engine.work();
  expect(posts(stage)).toHaveLength(2);
  expect(erp.control.rows("Debitorer")).toHaveLength(1);
});

test("R19 when several objects could be the one that was made, a person is told and nothing is sent", async () => {
  const stage = await start(creating);
  const { engine, erp, ask, reviews, ahead } = stage;
  erp.control.addFault({ fault: { kind: "reset", when: "after" }, verb: "post", times: 1 });
  await make(stage);
  await engine.work();
  const [made] = erp.control.rows("Debitorer");
  erp.control.create("Debitorer", { ...made, Kontonr: "777" });
  await ahead(36 * s);
  await engine.work();
  expect(posts(stage)).toHaveLength(1);
  expect(await ask("select state, reason from deliveries")).toEqual([
    { state: "rejected", reason: "R19:several_found" },
  ]);
  expect(await reviews("alert")).toMatchObject([{ reason: "delivery:R19:several_found" }]);
});

test("R19 a create whose answer was lost is found also after a person has edited what it made: the edit is taken, nothing is sent twice", async () => {
  const stage = await start(creating);
  const { engine, erp, ask, ahead } = stage;
  erp.control.addFault({ fault: { kind: "reset", when: "after" }, verb: "post", times: 1 });
  const { id } = await make(stage, { ...address, telefon: "33112233" });
  await engine.work();
  const [made] = erp.control.rows("Debitorer");
  erp.control.put("Debitorer", made?.Kontonr ?? "", { Telefon: "44556677" });
  await engine.settle(); // a listing shows it before we know that it is ours
  expect(await ask("select count(*)::int as n from links where state = 'linked'")).toEqual([{ n: 0 }]);
  await ahead(36 * s);
  await engine.settle();
  expect(posts(stage)).toHaveLength(1);
  expect(await ask("select state, entity_id from links")).toEqual([{ state: "linked", entity_id: id }]);
  expect(await ask("select firmanavn, telefon from kundeemner")).toEqual([
    { firmanavn: "Ny Havn ApS", telefon: "44556677" },
  ]);
});

test("R19 what we have changed since a lost create is owed to the object that is found, edited there in another field: no case", async () => {
  const stage = await start(creating);
  const { engine, erp, ask, reviews, ahead } = stage;
  erp.control.addFault({ fault: { kind: "reset", when: "after" }, verb: "post", times: 1 });
  const { id } = await make(stage, { ...address, telefon: "33112233", attention: "Anne Holm" });
  await engine.work();
  const [made] = erp.control.rows("Debitorer");
  const number = made?.Kontonr ?? "";
  erp.control.put("Debitorer", number, { Telefon: "44556677" });
  await editEntity(engine.deps, { entity: "kundeemne", id, patch: { attention: "Bo Lund" }, by: person });
  await ahead(36 * s);
  await engine.settle();
  expect(posts(stage)).toHaveLength(1);
  expect(await reviews()).toEqual([]);
  expect(await ask("select telefon, attention from kundeemner")).toEqual([
    { telefon: "44556677", attention: "Bo Lund" },
  ]);
  expect(erp.control.row("Debitorer", number)).toMatchObject({ Telefon: "44556677", Att: "Bo Lund" });
});

test("R19 an object with the registration that a lost create has sent, and little else of it, is a person's to decide: nothing is sent", async () => {
  const stage = await start(creating);
  const { engine, erp, ask, reviews, ahead } = stage;
  erp.control.addFault({ fault: { kind: "reset", when: "before" }, verb: "post", times: 1 });
  await make(stage, { ...address, telefon: "33112233", cvrNr: "10150817" });
  await engine.work();
  // Somebody at the ledger has typed in a branch of the same company.
  erp.control.create("Debitorer", {
    Kontonr: "777",
    Navn: "Havnens Afdeling Nord",
    Adr1: "Et andet sted 4",
    SE_Nr: "10150817",
  });
  await ahead(36 * s);
  await engine.work();
  expect(posts(stage)).toHaveLength(1);
  expect(await ask("select state, reason from deliveries")).toEqual([
    { state: "rejected", reason: "R19:similar_found" },
  ]);
  expect(await reviews("alert")).toMatchObject([{ reason: "delivery:R19:similar_found" }]);
});

test("R20 an edit made just before our write is seen by the reading before it, and judged as a clash", async () => {
  const { engine, erp, edit, record, reviews } = await start(one);
  const fault = { kind: "personEdits", fields: { Navn: "Deres ApS" }, when: "before" } as const;
  erp.control.addFault({ fault, verb: "get", id: "1", times: 1 });
  await edit("1", { firmanavn: "Vores ApS" });
  await engine.work();
  // firmanavn is a person's to decide when both have changed it.
  expect(await reviews("conflict")).toMatchObject([{ unit: "firmanavn", external_id: "1" }]);
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Deres ApS" });
  expect(await record("1")).toMatchObject({ firmanavn: "Vores ApS" });
});

test("R20 only owed fields are sent: an edit of another field inside the window is not overwritten, and taken", async () => {
  const { engine, erp, edit, record, ask, bodies } = await start(one);
  const fault = { kind: "personEdits", fields: { Telefon: "33112233" }, when: "before" } as const;
  erp.control.addFault({ fault, verb: "put", id: "1", times: 1 });
  await edit("1", { firmanavn: "Vores ApS" });
  await engine.work();
  expect(bodies("1")).toEqual([{ Navn: "Vores ApS" }]);
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Vores ApS", Telefon: "33112233" });
  expect(await record("1")).toMatchObject({ firmanavn: "Vores ApS", telefon: "33112233" });
  const [{ windows_ms: windows } = {}] = await ask("select windows_ms from connections where name = 'erp'");
  expect(windows).toEqual([expect.any(Number)]);
});
