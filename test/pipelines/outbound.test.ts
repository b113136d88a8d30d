import { expect, test } from "vitest";
import { createEntity } from "../../src/pipelines/edit.ts";
import { unlink } from "../../src/pipelines/linking.ts";
import { restrict } from "../../src/pipelines/restriction.ts";
import { person } from "../support/engine.ts";
import { type Pulled, startPulled } from "../support/pulled.ts";

const ada = {
  firmanavn: "Ada ApS",
  soegenavn: "ADA",
  telefon: "33123456",
  "primaer.navn": "Ada Holm",
  "primaer.email": "ada@example.dk",
};

/** One debitor of `erp`, pushed with counter 5, and an edit of ours that is owed to it. */
async function startOwing(wish?: Parameters<typeof startPulled>[0]): Promise<Pulled & { id: string }> {
  const stage = await startPulled(wish);
  await stage.push("erp", { externalId: "1", data: ada, counter: 5 });
  const { id } = await stage.record();
  await stage.edit(id, { telefon: "44556677" });
  return { ...stage, id };
}

const only = async (stage: Pulled, connection = "erp") => {
  const { deliveries } = await stage.lease(connection);
  const [first, ...others] = deliveries;
  if (first === undefined || others.length > 0) throw new Error(`${deliveries.length} deliveries`);
  return first;
};

test("R21 a remote that pulls is given the owed fields only, and the same again until it acknowledges", async () => {
  const stage = await startOwing();
  const first = await only(stage);
  expect(first).toMatchObject({ kind: "update", externalId: "1" });
  expect(Object.keys(first.data)).toEqual(["telefon"]);
  // Newer state waits: the body that is out stays what it was.
  await stage.edit(stage.id, { telefon: "88888888" });
  expect(await only(stage)).toEqual(first);
  expect(await stage.link("erp", "1")).toMatchObject({ in_flight: true, write_count: 1 });
});

test("R21 the successor of an acknowledged delivery has a higher id and carries what changed meanwhile", async () => {
  const stage = await startOwing();
  const first = await only(stage);
  await stage.edit(stage.id, { telefon: "88888888" });
  const image = { ...ada, ...first.data };
  expect(await stage.receipt("erp", { delivery: first.delivery, outcome: "done", counter: 6, image })).toEqual({
    accepted: 1,
    refused: [],
  });
  const second = await only(stage);
  expect(second.delivery).toBeGreaterThan(first.delivery);
  expect(second.data).toEqual({ telefon: "88888888" });
  await stage.receipt("erp", {
    delivery: second.delivery,
    outcome: "done",
    counter: 7,
    image: { ...image, ...second.data },
  });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  expect(await stage.link("erp", "1")).toMatchObject({ in_flight: false, images: null, counter: "7" });
});

test("R21 a receipt counts twice without harm, and one without an image sets base to what was sent", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  const receipt = { delivery, outcome: "done" } as const;
  expect(await stage.receipt("erp", receipt, receipt)).toMatchObject({ accepted: 2, refused: [] });
  expect(await stage.receipt("erp", receipt)).toMatchObject({ accepted: 1 });
  const link = await stage.link("erp", "1");
  expect(link.base).toMatchObject({ telefon: "44556677", firmanavn: "Ada ApS" });
  expect(link.image).toMatchObject({ telefon: "44556677", firmanavn: "Ada ApS" });
  expect(link).toMatchObject({ counter: "5", in_flight: false, write_count: 2 });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
});

test("R17 what the answer renders is remembered and not sent again; what it shows beyond is a reading", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  const image = { ...ada, telefon: "+45 4455-6677 (kontor)", attention: "Bo" };
  await stage.receipt("erp", { delivery, outcome: "done", counter: 6, image });
  expect(await stage.record()).toMatchObject({ telefon: "44556677", attention: "Bo" });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
});

test("R21 a receipt above the counter of its delivery is a later read: an edit that followed is taken, not a rendering", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  const image = { ...ada, telefon: "70707070" };
  await stage.receipt("erp", { delivery, outcome: "done", counter: 8, image });
  expect((await stage.link("erp", "1")).renderings).toBeNull();
  // It had our value when somebody there changed it: a candidate, not a clash (rule R11).
  expect(await stage.record()).toMatchObject({ telefon: "70707070" });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
});

test("R21 a receipt below the newest push is no reading: what was pushed after it stays", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "44556677", attention: "Bo" }, counter: 9 });
  await stage.receipt("erp", {
    delivery,
    outcome: "done",
    counter: 6,
    image: { ...ada, telefon: "44556677", attention: null },
  });
  expect(await stage.record()).toMatchObject({ telefon: "44556677", attention: "Bo" });
  expect(await stage.link("erp", "1")).toMatchObject({ counter: "9", in_flight: false, images: null });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
});

test("R21 a push that names the outstanding delivery is its receipt", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  await stage.push("erp", {
    externalId: "1",
    data: { ...ada, telefon: "44556677" },
    counter: 6,
    lastDelivery: delivery,
  });
  expect(await stage.ask("select state from deliveries where id = $1", [delivery])).toEqual([{ state: "settled" }]);
  expect(await stage.link("erp", "1")).toMatchObject({ in_flight: false, images: null });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  // A later edit there to what we once sent is an edit (rule R13).
  await stage.edit(stage.id, { telefon: "20202020" });
  const next = await only(stage);
  await stage.receipt("erp", { delivery: next.delivery, outcome: "done", counter: 7 });
  await stage.push("erp", {
    externalId: "1",
    data: { ...ada, telefon: "44556677" },
    counter: 8,
    lastDelivery: next.delivery,
  });
  expect(await stage.record()).toMatchObject({ telefon: "44556677" });
});

test("R14 an unacknowledged delivery that the gate forbids now is withdrawn, and its successor carries what may go", async () => {
  const stage = await startOwing();
  await stage.edit(stage.id, { attention: "Bo" });
  const first = await only(stage);
  expect(Object.keys(first.data).sort()).toEqual(["attention", "telefon"]);
  const frozen = [{ unit: "telefon", policy: "frozen", direction: "out", reason: "test", by: "test" }];
  await stage.ask("update kundeemner set policies = $1::text::json", [JSON.stringify(frozen)]);
  // The gate is asked at the next lease; the successor is handed out right there or at the one after.
  const after = [...(await stage.lease("erp")).deliveries, ...(await stage.lease("erp")).deliveries];
  const second = after[0];
  expect(second?.data).toEqual({ attention: "Bo" });
  expect(second?.delivery).toBeGreaterThan(first.delivery);
  expect(await stage.ask("select state, reason from deliveries where id = $1", [first.delivery])).toEqual([
    { state: "withdrawn", reason: "frozen" },
  ]);
  const [image] = (await stage.link("erp", "1")).images;
  expect(image.until).toBeGreaterThan(Date.now());
  // It was applied after all: a late receipt counts, and its image goes.
  await stage.receipt("erp", {
    delivery: first.delivery,
    outcome: "done",
    counter: 6,
    image: { ...ada, ...first.data },
  });
  expect((await stage.link("erp", "1")).images).toHaveLength(1);
  expect(await stage.record()).toMatchObject({ telefon: "44556677", attention: "Bo" });
});

test("a record that the remote refuses is told once, with its reason, and goes again when it changes", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  await stage.receipt("erp", { delivery, outcome: "rejected", reason: "Telefon for lang" });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  expect(await stage.ask("select reason, detail from reviews where state = 'open' and kind = 'alert'")).toMatchObject([
    { reason: "delivery:refused_by_remote", detail: { units: ["telefon"], said: "Telefon for lang" } },
  ]);
  expect(await stage.link("erp", "1")).toMatchObject({ in_flight: false, images: null, write_count: 2 });
  await stage.edit(stage.id, { telefon: "21212121" });
  expect((await only(stage)).data).toEqual({ telefon: "21212121" });
});

test("what changed while the refused delivery was out is owed as its successor", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  await stage.edit(stage.id, { telefon: "21212121" });
  await stage.receipt("erp", { delivery, outcome: "rejected" });
  expect((await only(stage)).data).toEqual({ telefon: "21212121" });
});

test("R21 a delivery that could not be applied yet comes again after a while, with the same id and body", async () => {
  const stage = await startOwing();
  const first = await only(stage);
  await stage.receipt("erp", { delivery: first.delivery, outcome: "retry" });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  await stage.ask("update deliveries set due_at = kobling_now()");
  expect(await only(stage)).toEqual(first);
});

test("R19 a create has no external id until its receipt names it, and then stands for the record", async () => {
  const stage = await startPulled({ erp: { create: "both" } });
  const { id } = await createEntity(stage.engine.deps, {
    entity: "kundeemne",
    values: { firmanavn: "Bo ApS" },
    by: person,
  });
  const made = await only(stage);
  expect(made).toMatchObject({ kind: "create", data: { firmanavn: "Bo ApS" } });
  expect(made).not.toHaveProperty("externalId");
  expect(await only(stage)).toEqual(made);
  const done = { delivery: made.delivery, outcome: "done" } as const;
  expect(await stage.receipt("erp", done)).toMatchObject({
    accepted: 0,
    refused: [{ index: 0, code: "external_id_required" }],
  });
  await stage.receipt("erp", { ...done, externalId: "77" });
  expect(await stage.link("erp", "77")).toMatchObject({ entity_id: id, state: "linked" });
  expect(await stage.record()).toMatchObject({ findes_deb: true });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  await stage.edit(id, { firmanavn: "Bo & Co ApS" });
  expect(await only(stage)).toMatchObject({ kind: "update", externalId: "77", data: { firmanavn: "Bo & Co ApS" } });
});

test("R19 a push of a new object that names our create is its receipt: nothing is doubled", async () => {
  const stage = await startPulled({ erp: { create: "both" } });
  const { id } = await createEntity(stage.engine.deps, {
    entity: "kundeemne",
    values: { firmanavn: "Bo ApS" },
    by: person,
  });
  const { delivery, data } = await only(stage);
  await stage.push("erp", { externalId: "77", data, counter: 1, lastDelivery: delivery });
  expect(await stage.ask("select id from kundeemner")).toEqual([{ id }]);
  expect(await stage.link("erp", "77")).toMatchObject({ entity_id: id, state: "linked" });
  expect(await stage.receipt("erp", { delivery, outcome: "done", externalId: "77" })).toMatchObject({ accepted: 1 });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
});

test("promise 6: a create that is out and that the gate forbids now is held back, never replaced by a second one", async () => {
  const stage = await startPulled({ erp: { create: "both" } });
  const { id } = await createEntity(stage.engine.deps, {
    entity: "kundeemne",
    values: { firmanavn: "Bo ApS" },
    by: person,
  });
  const made = await only(stage);
  await stage.ask("update kundeemner set arkiveret_vaerdi = true where id = $1", [id]);
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  await stage.ask("update kundeemner set arkiveret_vaerdi = false where id = $1", [id]);
  expect(await only(stage)).toEqual(made);
});

test("receipts of unknown deliveries and of ids that stand for another record are refused by their place", async () => {
  const stage = await startPulled({ erp: { create: "both" } });
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  await createEntity(stage.engine.deps, { entity: "kundeemne", values: { firmanavn: "Bo ApS" }, by: person });
  const { delivery } = await only(stage);
  const answer = await stage.receipt(
    "erp",
    { delivery: 999_999, outcome: "done" },
    { delivery, outcome: "done", externalId: "1" },
  );
  expect(answer).toMatchObject({
    accepted: 0,
    refused: [
      { index: 0, code: "not_found" },
      { index: 1, code: "external_id_taken" },
    ],
  });
});

test("a caller that waits is answered when something becomes due, and with nothing when its time is over", async () => {
  const stage = await startPulled();
  await stage.push("erp", { externalId: "1", data: ada, counter: 5 });
  const { id } = await stage.record();
  expect(await stage.lease("erp", { waitMs: 60 })).toEqual({ deliveries: [] });
  const waiting = stage.lease("erp", { waitMs: 20_000 });
  await stage.edit(id, { telefon: "44556677" });
  expect((await waiting).deliveries).toHaveLength(1);
});

test("R22 what one system that pushes has changed goes to the other that pulls, and settles", async () => {
  const stage = await startPulled({ erp: {}, other: {} });
  await stage.push("erp", { externalId: "1", data: { ...ada, cvrNr: "12345674" }, counter: 1 });
  await stage.push("other", { externalId: "A", data: { ...ada, cvrNr: "12345674" }, counter: 1 });
  expect(await stage.ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 1 }]);
  await stage.push("erp", { externalId: "1", data: { ...ada, cvrNr: "12345674", telefon: "99999999" }, counter: 2 });
  const { delivery, data } = await only(stage, "other");
  expect(data).toEqual({ telefon: "99999999" });
  await stage.receipt("other", { delivery, outcome: "done", counter: 2 });
  expect([...(await stage.lease("erp")).deliveries, ...(await stage.lease("other")).deliveries]).toEqual([]);
});

test("R21 pulls, receipts and pushes at the same time end with every side equal and one open delivery at most", async () => {
  const stage = await startPulled();
  const numbers = Array.from({ length: 8 }, (_, n) => String(n));
  for (const n of numbers)
    await stage.push("erp", { externalId: n, data: { ...ada, firmanavn: `Firma ${n} ApS` }, counter: 1 });
  const records = await stage.ask("select id from kundeemner");
  const counters = new Map(numbers.map((n) => [n, 1]));
  const objects = new Map(numbers.map((n) => [n, { ...ada, firmanavn: `Firma ${n} ApS` }]));
  const puller = async () => {
    for (let round = 0; round < 6; round += 1) {
      for (const { delivery, externalId = "", data } of (await stage.lease("erp", { limit: 5 })).deliveries) {
        const image = { ...objects.get(externalId), ...data } as typeof ada;
        objects.set(externalId, image);
        counters.set(externalId, (counters.get(externalId) ?? 0) + 1);
        await stage.receipt("erp", { delivery, outcome: "done", counter: counters.get(externalId) ?? 0, image });
      }
    }
  };
  const editor = async () => {
    for (let round = 0; round < 4; round += 1)
      for (const { id } of records) await stage.edit(id, { attention: `Bo ${round}` });
  };
  await Promise.all([editor(), puller()]);
  await puller();
  await puller();
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  expect([...objects.values()].map((each) => Object(each).attention)).toEqual(numbers.map(() => "Bo 3"));
  expect(await stage.ask("select 1 from links where in_flight or images is not null")).toEqual([]);
});

test("R21 a push from before a delivery that comes after its bare receipt is no edit of what was sent; what it edits elsewhere is taken", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  // Typed there before the delivery was applied, told after it: attention, while the old telephone still stood.
  await stage.receipt("erp", { delivery, outcome: "done" });
  await stage.push("erp", { externalId: "1", data: { ...ada, attention: "Bo" }, counter: 6 });
  expect(await stage.record()).toMatchObject({ telefon: "44556677", attention: "Bo" });
  await stage.push("erp", {
    externalId: "1",
    data: { ...ada, attention: "Bo", telefon: "44556677" },
    counter: 7,
    lastDelivery: delivery,
  });
  expect(await stage.record()).toMatchObject({ telefon: "44556677", attention: "Bo" });
  // From here on the old telephone is an edit like any other.
  await stage.push("erp", { externalId: "1", data: { ...ada, attention: "Bo" }, counter: 8, lastDelivery: delivery });
  expect(await stage.record()).toMatchObject({ telefon: "33123456" });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
});

test("R21 an edit told after a bare receipt of the delivery that overwrote it is healed by the next delivery", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  await stage.receipt("erp", { delivery, outcome: "done" });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "70707070" }, counter: 6 });
  await stage.push("erp", {
    externalId: "1",
    data: { ...ada, telefon: "44556677" },
    counter: 7,
    lastDelivery: delivery,
  });
  expect(await stage.record()).toMatchObject({ telefon: "70707070" });
  expect((await only(stage)).data).toEqual({ telefon: "70707070" });
});

test("S72: an edit shown while a record is restricted, and overwritten by a delivery from before, stands in the record as what lost", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  await restrict(stage.engine.deps, { id: stage.id, reason: "art. 18", by: person });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "70707070" }, counter: 6 });
  await stage.push("erp", {
    externalId: "1",
    data: { ...ada, telefon: "44556677" },
    counter: 7,
    lastDelivery: delivery,
  });
  const { provenance } = await stage.record();
  const { u } = provenance as { u: { telefon: [number, number, string, { rule: string; value: unknown }[]] } };
  expect(u.telefon[3]).toMatchObject([{ rule: "R21:overwritten", value: { telefon: "70707070" } }]);
});

test("R25 who ends a link of a system that pulls is told of the delivery that it may still apply", async () => {
  const stage = await startOwing();
  const { delivery } = await only(stage);
  const { id: linkId } = await stage.link("erp", "1");
  await unlink(stage.engine.deps, { linkId: String(linkId), by: person });
  const alerts = await stage.ask("select reason, external_id, detail from reviews where kind = 'alert'");
  expect(alerts).toEqual([{ reason: "unlinked:delivery_out", external_id: "1", detail: { delivery } }]);
});
