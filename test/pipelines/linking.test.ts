import { expect, onTestFinished, test } from "vitest";
import { startKeyBalance } from "../../simulators/keybalance/server.ts";
import { createEntity } from "../../src/pipelines/edit.ts";
import { explain } from "../../src/pipelines/explain.ts";
import { linkEntity, unlink } from "../../src/pipelines/linking.ts";
import { person, startEngine } from "../support/engine.ts";
import { type Pulled, startPulled } from "../support/pulled.ts";

const ada = { firmanavn: "Ada ApS", soegenavn: "ADA", cvrNr: "12345674", telefon: "33123456" };
const at = { entity: "kundeemne", object: "debitor", by: person } as const;

async function startLinked(): Promise<Pulled & { id: string; linkId: string }> {
  const stage = await startPulled({ erp: { create: "both" } }, { survivorship: { telefon: { rule: "manual" } } });
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  const { id } = await stage.record();
  return { ...stage, id, linkId: (await stage.link("erp", "1")).id };
}

test("R25 unlinking keeps the values and ends base, holds and deliveries; nothing is linked or created again by itself", async () => {
  const stage = await startLinked();
  await stage.edit(stage.id, { telefon: "44556677" });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 2 });
  expect(await stage.ask("select 1 from reviews where kind = 'conflict' and state = 'open'")).toHaveLength(1);
  await unlink(stage.engine.deps, { linkId: stage.linkId, by: person });
  expect(await stage.link("erp", "1")).toMatchObject({ state: "unlinked", entity_id: null, base: {}, seen: null });
  expect(await stage.record()).toMatchObject({ telefon: "44556677", findes_deb: false, holds: null });
  expect(await stage.ask("select 1 from reviews where state = 'open'")).toEqual([]);
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "20202020" }, counter: 3 });
  await stage.edit(stage.id, { firmanavn: "Ada & Co ApS" });
  expect(await stage.record("Ada & Co ApS")).toMatchObject({ telefon: "44556677" });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  await expect(unlink(stage.engine.deps, { linkId: stage.linkId, by: person })).rejects.toMatchObject({
    code: "not_found",
  });
});

test("R25 a person may link again: a first meeting with what the remote last showed", async () => {
  const stage = await startLinked();
  await unlink(stage.engine.deps, { linkId: stage.linkId, by: person });
  await stage.push("erp", { externalId: "1", data: { ...ada, attention: "Bo" }, counter: 2 });
  const wanted = { ...at, entityId: stage.id, connection: "erp", externalId: "1" };
  expect(await linkEntity(stage.engine.deps, wanted)).toEqual({ linkId: stage.linkId });
  expect(await linkEntity(stage.engine.deps, wanted)).toEqual({ linkId: stage.linkId });
  expect(await stage.record()).toMatchObject({ attention: "Bo", findes_deb: true });
  expect(await stage.ask("select 1 from link_blocks")).toEqual([]);
  await stage.edit(stage.id, { telefon: "44556677" });
  expect((await stage.lease("erp")).deliveries).toMatchObject([{ externalId: "1", data: { telefon: "44556677" } }]);
});

test("R18 R25 linking again waits until a write of ours cannot arrive any more", async () => {
  const stage = await startLinked();
  await stage.ask("update links set quiet_until = kobling_now() + interval '20 seconds'");
  await unlink(stage.engine.deps, { linkId: stage.linkId, by: person });
  const wanted = { ...at, entityId: stage.id, connection: "erp", externalId: "1" };
  await expect(linkEntity(stage.engine.deps, wanted)).rejects.toMatchObject({ name: "RetryableError", code: "busy" });
});

test("R25 a delivery that is out when its link ends is withdrawn, and its image outlives it", async () => {
  const stage = await startLinked();
  await stage.edit(stage.id, { telefon: "44556677" });
  const [out] = (await stage.lease("erp")).deliveries;
  await unlink(stage.engine.deps, { linkId: stage.linkId, by: person });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  const link = await stage.link("erp", "1");
  expect(link).toMatchObject({ in_flight: false, write_count: 2 });
  expect(link.images).toMatchObject([{ values: { telefon: "44556677" }, until: expect.any(Number) }]);
  // Its receipt comes late: it counts, and the link stays ended.
  await stage.receipt("erp", { delivery: out?.delivery ?? -1, outcome: "done", counter: 2 });
  expect(await stage.link("erp", "1")).toMatchObject({ state: "unlinked", entity_id: null });
});

test("a link to an object that nobody has told us of, or that stands for another record, is refused", async () => {
  const stage = await startLinked();
  await stage.push("erp", { externalId: "2", data: { firmanavn: "Bo ApS", soegenavn: "BO" }, counter: 1 });
  const { id } = await stage.record("Bo ApS");
  const wanted = { ...at, entityId: id, connection: "erp" };
  await expect(linkEntity(stage.engine.deps, { ...wanted, externalId: "1" })).rejects.toMatchObject({ code: "exists" });
  await unlink(stage.engine.deps, { linkId: (await stage.link("erp", "2")).id, by: person });
  await expect(linkEntity(stage.engine.deps, { ...wanted, externalId: "99" })).rejects.toMatchObject({
    code: "cannot_be_asked",
  });
});

test("explain tells the value, its setter, what each link shows and what it is sent next, in both languages", async () => {
  const stage = await startLinked();
  await stage.edit(stage.id, { telefon: "44556677" });
  const told = (await explain(stage.engine.deps, { entity: "kundeemne", id: stage.id, unit: "telefon" }))?.telefon;
  expect(told).toMatchObject({
    unit: "telefon",
    value: { telefon: "44556677" },
    setBy: { kind: "person", actor: "test" },
    rule: "API",
    links: [
      {
        externalId: "1",
        shows: { telefon: "33123456" },
        next: { telefon: "44556677" },
        because: null,
        delivery: { state: "due" },
      },
    ],
  });
  expect(told?.text.da).toContain("er »44556677«");
  expect(told?.text.da).toContain("erp/debitor 1 viser »33123456«; telefon sendes som det næste");
  expect(told?.text.en).toContain("is »44556677«");
  await stage.ask("update kundeemner set arkiveret_vaerdi = true");
  const shut = (await explain(stage.engine.deps, { entity: "kundeemne", id: stage.id, unit: "telefon" }))?.telefon;
  expect(shut?.links).toMatchObject([{ next: null, because: "archived" }]);
  expect(await explain(stage.engine.deps, { entity: "kundeemne", id: stage.linkId })).toBeNull();
});

test("R26 a link by hand reads the object where we can call, fills what is empty and owes what differs", async () => {
  const row = { Kontonr: "1000", Navn: "Ada ApS", Telefon: "33123456", ByNavn: "Odense C", PostNr: "5000" };
  const erp = await startKeyBalance({ rows: { Debitorer: [row] } });
  onTestFinished(() => erp.close());
  const engine = await startEngine({
    connections: {
      erp: {
        connector: "keybalance",
        settings: { baseUrl: erp.baseUrl, token: erp.token },
        objects: { debitor: { direction: "both", firstMeeting: "crm", create: "none" } },
      },
    },
  });
  onTestFinished(() => engine.close());
  await engine.open("erp", "debitor");
  const { id } = await createEntity(engine.deps, {
    entity: "kundeemne",
    values: { firmanavn: "Ada Holding ApS", telefon: "44556677" },
    by: person,
  });
  const wanted = { ...at, entityId: id, connection: "erp" };
  await expect(linkEntity(engine.deps, { ...wanted, externalId: "9999" })).rejects.toMatchObject({ code: "not_found" });
  await linkEntity(engine.deps, { ...wanted, externalId: "1000" });
  await engine.work();
  const told = await explain(engine.deps, { entity: "kundeemne", id });
  expect(told?.adresse?.value).toMatchObject({ postnr: "5000", bynavn: "Odense C" });
  expect(told?.findesDeb?.value).toEqual({ findesDeb: true });
  expect(erp.control.row("Debitorer", "1000")).toMatchObject({ Navn: "Ada Holding ApS", Telefon: "44556677" });
});
