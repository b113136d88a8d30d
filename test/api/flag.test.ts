import { afterEach, expect, test } from "vitest";
import { type Desk, startDesk } from "../support/desk.ts";
import { company, keeper, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);

const known = { firmanavn: "Ada ApS", soegenavn: "ADA", cvrNr: "12345674" };
const wish = { erp: {}, cvr: { side: "directory", direction: "in" }, krak: { side: "directory", direction: "in" } };

/** A company of the ledger that directories know too, and that may not be updated automatically. */
async function start(): Promise<Desk & { id: string; path: string }> {
  const desk = await startDesk(wish);
  await desk.push("erp", { externalId: "1", data: { ...known, telefon: "33123456" }, counter: 1 });
  const { id } = await desk.record();
  const path = `/v1/kundeemner/${id}`;
  await desk.ok("PATCH", path, { maaOpdateresAutomatisk: false });
  return { ...desk, id, path };
}

const refuse = async (desk: Desk, { id, revision }: { id: number; revision: number }) =>
  desk.ok("POST", `/v1/reviews/${id}/decision`, { decision: "keep_ours", revision });

test("R15 with the flag at false the CRM that is released second does not win at once: each difference waits", async () => {
  const { reviews, record, erp, crm } = await startStage(
    {
      rows: { Debitorer: [company("1")] },
      crm: { rows: [company("9", { Telefon: "33112233", MaaOpdateresAuto: "0" })] },
      open: ["erp debitor", "crm kundeemne"],
    },
    kept.keep,
  );
  expect(await reviews("conflict")).toMatchObject([{ unit: "telefon", reason: "R15:flag", connection: "crm" }]);
  expect(await record("1")).toMatchObject({ telefon: "62521234", maa_opdateres_automatisk: false });
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: "62521234" });
  expect(crm?.control.row("KundeEmner", "9")).toMatchObject({ Telefon: "33112233" });
});

test("R15 with the flag at false each difference of a directory is one proposal per field and source, which a newer one replaces", async () => {
  const desk = await start();
  await desk.push("cvr", { externalId: "c", data: { ...known, telefon: "70101010", hjemmeside: "https://a.example" } });
  await desk.push("krak", { externalId: "k", data: { ...known, telefon: "70202020" } });
  const told = async () =>
    (await desk.waiting("proposal")).map(
      (each) => `${each.connection} ${each.unit} ${JSON.stringify(Object.values(each.sides.at(-1).value))}`,
    );
  expect(await told()).toEqual([
    'cvr telefon ["70101010"]',
    'cvr hjemmeside ["https://a.example"]',
    'krak telefon ["70202020"]',
  ]);
  await desk.push("cvr", { externalId: "c", data: { ...known, telefon: "70303030", hjemmeside: "https://a.example" } });
  expect(await told()).toEqual([
    'cvr telefon ["70303030"]',
    'cvr hjemmeside ["https://a.example"]',
    'krak telefon ["70202020"]',
  ]);
  expect(await desk.ok("GET", desk.path)).toMatchObject({ telefon: "33123456", hjemmeside: null });
});

test("R15 a person's no is remembered: the same value of the same source is not proposed again", async () => {
  const desk = await start();
  const tell = (telefon: string) => desk.push("cvr", { externalId: "c", data: { ...known, telefon } });
  await tell("70101010");
  for (const each of await desk.waiting("proposal")) await refuse(desk, each);
  await tell("70101010");
  expect(await desk.waiting("proposal")).toEqual([]);
  await tell("70303030");
  expect(await desk.waiting("proposal")).toHaveLength(1);
  await tell("70101010");
  expect(await desk.waiting("proposal")).toEqual([]);
  await desk.push("krak", { externalId: "k", data: { ...known, telefon: "70101010" } });
  expect(await desk.waiting("proposal")).toMatchObject([{ connection: "krak" }]);
});

test("R15 the flag back at true applies no waiting proposal by itself; what comes after is taken", async () => {
  const desk = await start();
  await desk.push("cvr", { externalId: "c", data: { ...known, hjemmeside: "https://a.example" } });
  await desk.ok("PATCH", desk.path, { maaOpdateresAutomatisk: true });
  await desk.push("cvr", { externalId: "c", data: { ...known, hjemmeside: "https://a.example", gade: "x" } });
  expect(await desk.ok("GET", desk.path)).toMatchObject({ hjemmeside: null });
  expect(await desk.waiting("proposal")).toHaveLength(1);
  await desk.push("cvr", { externalId: "c", data: { ...known, hjemmeside: "https://a.example", attention: "Bo" } });
  expect(await desk.ok("GET", desk.path)).toMatchObject({ hjemmeside: null, attention: "Bo" });
});

test("R15 with the flag at false a person's own act passes, and goes out to the ledger", async () => {
  const desk = await start();
  await desk.ok("PUT", `${desk.path}/policy`, { unit: "*", policy: "frozen", direction: "in", reason: "fredet" });
  await desk.ok("PATCH", desk.path, { telefon: "44556677" });
  expect(await desk.ok("GET", desk.path)).toMatchObject({ telefon: "44556677" });
  expect((await desk.lease("erp")).deliveries).toMatchObject([{ data: { telefon: "44556677" } }]);
});

test("R15 the flag is read at sending: set after a write was due, it makes a clash of what is read right before", async () => {
  const options = {
    rows: { Debitorer: [company("1")] },
    config: { survivorship: { telefon: { rule: "owner", owner: "ledger" } } },
  };
  const { edit, erp, engine, record, reviews } = await startStage(options, kept.keep);
  await edit("1", { telefon: "11111111" });
  erp.control.put("Debitorer", "1", { Telefon: "33112233" });
  await edit("1", { maaOpdateresAutomatisk: false });
  await engine.work();
  expect(await record("1")).toMatchObject({ telefon: "11111111" });
  expect(await reviews("conflict")).toMatchObject([{ unit: "telefon", reason: "R15:flag" }]);
  expect(erp.control.row("Debitorer", "1")).toMatchObject({ Telefon: "33112233" });
});
