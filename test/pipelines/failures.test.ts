import { afterEach, expect, test } from "vitest";
import { deliver } from "../../src/pipelines/deliver.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { pauseConnection, resumeConnection } from "../../src/pipelines/steering.ts";
import { person } from "../support/engine.ts";
import { company, keeper, type StageOptions, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);
const start = (options: StageOptions) => startStage(options, kept.keep);
const two = { rows: { Debitorer: [company("1"), company("2", { SE_Nr: "", Navn: "To ApS", Adr1: "Vej 2" })] } };
const wish = { direction: "both", firstMeeting: "remote", create: "in" };
const s = 1_000;

test("a write that the ledger refuses is told to a person and stops only itself", async () => {
  const { engine, erp, edit, ask, reviews } = await start(two);
  erp.control.addFault({ fault: { kind: "status", status: 400, text: "Navn" }, verb: "put", id: "1" });
  await edit("1", { firmanavn: "Afvist ApS" });
  await edit("2", { firmanavn: "Godkendt ApS" });
  await engine.work();
  expect(erp.control.row("Debitorer", "2")).toMatchObject({ Navn: "Godkendt ApS" });
  expect(await ask("select state, reason from deliveries order by state")).toEqual([
    { state: "rejected", reason: "refused_by_remote" },
    { state: "settled", reason: null },
  ]);
  expect(await reviews("alert")).toMatchObject([
    { reason: "delivery:refused_by_remote", external_id: "1", detail: { units: ["firmanavn"] } },
  ]);
  expect(JSON.stringify(await reviews())).not.toContain("Afvist ApS");
  // Not tried again by itself; a new edit of ours is a new try.
  await engine.settle();
  expect(erp.log.entries({ method: "PUT", id: "1" })).toHaveLength(1);
  erp.control.clearFaults();
  await edit("1", { firmanavn: "Rettet ApS" });
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Rettet ApS" });
});

test("what was typed while an older value was being refused is sent all the same", async () => {
  const { engine, erp, edit } = await start(two);
  erp.control.addFault({ fault: { kind: "slow", ms: 1_500 }, verb: "put", id: "1", times: 1 });
  erp.control.addFault({ fault: { kind: "status", status: 400 }, verb: "put", id: "1", times: 1 });
  await edit("1", { firmanavn: "Afvist ApS" });
  const working = engine.work();
  await expect.poll(() => erp.log.entries({ method: "PUT" }).length).toBe(1);
  await edit("1", { firmanavn: "Rettet ApS" });
  await working;
  await engine.work();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Rettet ApS" });
  expect(erp.log.entries({ method: "PUT", id: "1" })).toHaveLength(2);
});

test("an answer 429 to a write waits the time that it names, and sends the newest state then", async () => {
  const { engine, erp, edit, ahead } = await start(two);
  erp.control.addFault({ fault: { kind: "status", status: 429, retryAfter: 90 }, verb: "put", times: 1 });
  await edit("1", { firmanavn: "Første ApS" });
  await engine.work();
  await edit("1", { firmanavn: "Anden ApS" });
  await ahead(85 * s);
  await engine.work();
  expect(erp.log.entries({ method: "PUT" })).toHaveLength(1);
  await ahead(95 * s);
  await engine.work();
  expect(erp.log.writes("Debitorer", "1").map((entry) => entry.body)).toEqual([{ Navn: "Anden ApS" }]);
});

test.each(["get", "put"] as const)(
  "an answer 401 to a %s stops the connection with one alert; resumed, it goes on",
  async (verb) => {
    const { engine, erp, edit, ask, reviews } = await start(two);
    const rule = erp.control.addFault({ fault: { kind: "status", status: 401 }, verb });
    await edit("1", { firmanavn: "Første ApS" });
    await edit("2", { firmanavn: "Anden ApS" });
    await engine.work();
    expect(await ask("select state, reason from connections where name = 'erp'")).toEqual([
      { state: "stopped", reason: "unauthorized" },
    ]);
    expect(await reviews("alert")).toMatchObject([{ reason: "connection:unauthorized", connection: "erp" }]);
    const asked = erp.log.entries().length;
    await engine.settle();
    await deliver(engine.deps, "erp");
    expect(erp.log.entries()).toHaveLength(asked);
    erp.control.clearFaults(rule);
    await resumeConnection(engine.deps, { name: "erp", by: person });
    await ask("update deliveries set due_at = now()");
    await engine.work();
    expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Første ApS" });
    expect(erp.control.row("Debitorer", "2")).toMatchObject({ Navn: "Anden ApS" });
  },
);

test("R14 an object that cannot be read right before its write is told, and not read for ever", async () => {
  const { engine, erp, edit, ask, reviews } = await start(two);
  erp.control.addFault({ fault: { kind: "status", status: 400 }, verb: "get", id: "1" });
  await edit("1", { firmanavn: "Første ApS" });
  await engine.work();
  expect(erp.log.entries({ method: "GET", id: "1" })).toHaveLength(1);
  expect(await ask("select state from deliveries")).toEqual([{ state: "rejected" }]);
  expect(await reviews("alert")).toMatchObject([{ reason: "delivery:refused_by_remote", external_id: "1" }]);
});

test("a connection that is paused reads, decides and sends nothing; what is told meanwhile is kept", async () => {
  const { engine, erp, edit, ask, record } = await start({
    ...two,
    api: { shop: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } } },
    open: ["erp debitor"],
  });
  await ask("update lanes set released_in = true where connection = 'shop'");
  const push = (firmanavn: string) =>
    receive(engine.deps, { connection: "shop", object: "debitor", via: "push" }, [
      { externalId: "9", data: { firmanavn } },
    ]);
  await pauseConnection(engine.deps, { name: "erp", by: person });
  await pauseConnection(engine.deps, { name: "shop", by: person });
  const asked = erp.log.entries().length;
  await edit("1", { firmanavn: "Vores ApS" });
  erp.control.put("Debitorer", "2", { Telefon: "33112233" });
  expect(await push("Butik ApS")).toMatchObject({ kept: 1 });
  await engine.settle();
  expect(erp.log.entries()).toHaveLength(asked);
  expect(await ask("select count(*)::int as n from kundeemner where firmanavn = 'Butik ApS'")).toEqual([{ n: 0 }]);
  await resumeConnection(engine.deps, { name: "erp", by: person });
  await resumeConnection(engine.deps, { name: "shop", by: person });
  await engine.settle();
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Navn: "Vores ApS" });
  expect(await record("2")).toMatchObject({ telefon: "33112233" });
  expect(await ask("select count(*)::int as n from kundeemner where firmanavn = 'Butik ApS'")).toEqual([{ n: 1 }]);
});

test("a connection that is resumed reads at once what it has not read for longer than its schedule, and nothing else", async () => {
  const { engine, erp, ahead } = await start({ ...two, objects: { debitor: { ...wish, poll: "1h" } } });
  const asked = async (): Promise<string[]> => {
    const since = engine.due.length;
    await pauseConnection(engine.deps, { name: "erp", by: person });
    await resumeConnection(engine.deps, { name: "erp", by: person });
    return engine.due.slice(since);
  };
  const rest = ["run erp", "ingest erp", "deliver erp"];
  await ahead(0);
  await engine.settle();
  await ahead(50 * 60 * s);
  expect(await asked()).toEqual(rest);
  await ahead(70 * 60 * s);
  expect(await asked()).toEqual([...rest, "poll erp/debitor"]);
  // A reading that failed is none.
  const rule = erp.control.addFault({ fault: { kind: "status", status: 500 }, verb: "get" });
  await engine.settle();
  expect(await asked()).toEqual([...rest, "poll erp/debitor"]);
  erp.control.clearFaults(rule);
  await engine.settle();
  expect(await asked()).toEqual(rest);
});

test("R35 a clock that a test sets moves due times and leases, and nothing waits in real time", async () => {
  const { engine, erp, edit, ask, ahead } = await start(two);
  erp.control.addFault({ fault: { kind: "status", status: 503, retryAfter: 3_600 }, verb: "put", times: 1 });
  await edit("1", { firmanavn: "Om En Time ApS" });
  await engine.work();
  await ahead(3_590 * s);
  await engine.work();
  expect(erp.log.writes("Debitorer", "1")).toEqual([]);
  await ahead(3_610 * s);
  await engine.work();
  expect(erp.log.writes("Debitorer", "1")).toHaveLength(1);
  const [{ apart } = {}] = await ask(
    "select extract(epoch from settled_at - clock_timestamp())::float8 as apart from deliveries",
  );
  expect(Number(apart)).toBeGreaterThan(3_000);
});
