import { expect, test } from "vitest";
import type { Decision } from "../../src/pipelines/decision.ts";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { editEntity } from "../../src/pipelines/edit.ts";
import { explain } from "../../src/pipelines/explain.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { person } from "../support/engine.ts";
import { type Pulled, startPulled } from "../support/pulled.ts";

const ada = {
  firmanavn: "Ada ApS",
  soegenavn: "ADA",
  cvrNr: "12345674",
  telefon: "33123456",
  "primaer.navn": "Ada Holm",
  "primaer.email": "ada@example.dk",
};
const manual = { survivorship: { telefon: { rule: "manual" as const } } };

const decide = (stage: Pulled, act: Omit<Decision, "by">) => decideReview(stage.engine.deps, { ...act, by: person });

const openReview = async (stage: Pulled, kind: string) => {
  const reviews = await stage.ask("select *, id::float8 as id from reviews where state = 'open' and kind = $1", [kind]);
  expect(reviews).toHaveLength(1);
  return reviews[0] ?? {};
};

/** Ours 44556677, theirs 99887766, both changed since they agreed: held for a person. */
async function startClash(wish: Parameters<typeof startPulled>[0] = { erp: {} }) {
  const stage = await startPulled(wish, manual);
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  const { id } = await stage.record();
  await stage.edit(id, { telefon: "44556677" });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 2 });
  return { ...stage, id, review: await openReview(stage, "conflict") };
}

test("R16 a decision for theirs writes their value, with the person as its setter and ours as the loser", async () => {
  const stage = await startClash();
  expect(await decide(stage, { id: stage.review.id, decision: "take_theirs", revision: 1, why: "ringet op" })).toEqual({
    state: "decided",
  });
  const record = await stage.record();
  expect(record).toMatchObject({ telefon: "99887766", holds: null });
  const told = (await explain(stage.engine.deps, { entity: "kundeemne", id: stage.id, unit: "telefon" }))?.telefon;
  expect(told).toMatchObject({
    value: { telefon: "99887766" },
    setBy: { kind: "person", actor: "test" },
    rule: "R16:decided",
    losers: [{ value: { telefon: "44556677" } }],
    held: [],
  });
  expect(await stage.link("erp", "1")).toMatchObject({ seen: null, base: { telefon: "99887766" } });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  expect(await stage.ask("select state, decision, decided_by, why from reviews")).toEqual([
    { state: "decided", decision: "take_theirs", decided_by: "test", why: "ringet op" },
  ]);
});

test("R16 a decision for ours makes it owed to whoever shows something else", async () => {
  const stage = await startClash();
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  await decide(stage, { id: stage.review.id, decision: "keep_ours", revision: 1 });
  expect(await stage.record()).toMatchObject({ telefon: "44556677" });
  const { deliveries } = await stage.lease("erp");
  expect(deliveries).toMatchObject([{ externalId: "1", data: { telefon: "44556677" } }]);
  expect((await stage.link("erp", "1")).base).toMatchObject({ telefon: "99887766" });
});

test("R16 a typed value goes to every side", async () => {
  const stage = await startClash();
  await decide(stage, { id: stage.review.id, decision: "value", value: { telefon: "70707070" } });
  expect(await stage.record()).toMatchObject({ telefon: "70707070" });
  expect((await stage.lease("erp")).deliveries).toMatchObject([{ data: { telefon: "70707070" } }]);
  const other = await startClash();
  await expect(
    decide(other, { id: other.review.id, decision: "value", value: { firmanavn: "X" } }),
  ).rejects.toMatchObject({ code: "bad_value" });
});

test("R16 a decision that saw other sides than those that stand is refused, and so is a second one", async () => {
  const stage = await startClash();
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "77665544" }, counter: 3 });
  const act = { id: stage.review.id, decision: "take_theirs" };
  await expect(decide(stage, { ...act, revision: 1 })).rejects.toMatchObject({ code: "side_moved" });
  expect(await stage.record()).toMatchObject({ telefon: "44556677" });
  await decide(stage, { ...act, revision: 2 });
  expect(await stage.record()).toMatchObject({ telefon: "77665544" });
  await expect(decide(stage, act)).rejects.toMatchObject({ code: "side_moved" });
});

test("R16 with several sides the one that is meant is named, and all links learn the outcome", async () => {
  const stage = await startPulled({ erp: {}, other: {} }, manual);
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  await stage.push("other", { externalId: "A", data: ada, counter: 1 });
  const { id } = await stage.record();
  await stage.edit(id, { telefon: "44556677" });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 2 });
  await stage.push("other", { externalId: "A", data: { ...ada, telefon: "77665544" }, counter: 2 });
  const review = await openReview(stage, "conflict");
  expect(review.sides).toHaveLength(3);
  await expect(decide(stage, { id: review.id, decision: "take_theirs" })).rejects.toMatchObject({ code: "bad_value" });
  await decide(stage, { id: review.id, decision: "take_theirs", target: "other" });
  expect(await stage.record()).toMatchObject({ telefon: "77665544" });
  expect((await stage.lease("erp")).deliveries).toMatchObject([{ data: { telefon: "77665544" } }]);
  expect(await stage.lease("other")).toEqual({ deliveries: [] });
});

/** Two records with the same CVR number, and a debitor that could be either. */
async function startDoubt() {
  const stage = await startPulled({ erp: {}, other: {} });
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  await stage.push("erp", { externalId: "2", data: { ...ada, telefon: "20202020" }, counter: 1 });
  return { ...stage, review: await openReview(stage, "match_case"), first: (await stage.record()).id };
}

test("R25 `new` makes a record of an object in doubt, and the pair is never matched again", async () => {
  const stage = await startDoubt();
  await decide(stage, { id: stage.review.id, decision: "new" });
  expect(await stage.ask("select telefon from kundeemner order by telefon")).toEqual([
    { telefon: "20202020" },
    { telefon: "33123456" },
  ]);
  expect(await stage.ask("select kind, entity_id from link_blocks where external_id = '2'")).toEqual([
    { kind: "refused", entity_id: stage.first },
  ]);
  expect(await stage.link("erp", "2")).toMatchObject({ state: "linked" });
});

test("R25 `not_same` matches again among the rest: with none left, a record is made where that is allowed", async () => {
  const stage = await startDoubt();
  await decide(stage, { id: stage.review.id, decision: "not_same", target: stage.first });
  const { entity_id: made } = await stage.link("erp", "2");
  expect(made).not.toBeNull();
  expect(made).not.toBe(stage.first);
  expect(await stage.ask("select 1 from reviews where state = 'open' and kind = 'match_case'")).toEqual([]);
});

test("R25 `link` is refused while another object of the kind stands for the record, `ignore` leaves it to nobody", async () => {
  const stage = await startDoubt();
  await expect(decide(stage, { id: stage.review.id, decision: "link" })).rejects.toMatchObject({ code: "exists" });
  await decide(stage, { id: stage.review.id, decision: "ignore" });
  expect(await stage.link("erp", "2")).toMatchObject({ state: "refused", entity_id: null });
  await stage.push("erp", { externalId: "2", data: { ...ada, telefon: "21212121" }, counter: 2 });
  expect(await stage.ask("select count(*)::int as n from kundeemner")).toEqual([{ n: 1 }]);
});

test("R25 `link` is a first meeting with what the object last showed", async () => {
  const stage = await startPulled({ erp: {}, other: {} });
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  await stage.ask("update kundeemner set arkiveret_vaerdi = true");
  await stage.push("other", { externalId: "A", data: { ...ada, attention: "Bo" }, counter: 1 });
  const review = await openReview(stage, "match_case");
  await stage.ask("update kundeemner set arkiveret_vaerdi = false");
  await decide(stage, { id: review.id, decision: "link" });
  const record = await stage.record();
  expect(record).toMatchObject({ attention: "Bo" });
  expect(await stage.link("other", "A")).toMatchObject({ state: "linked", entity_id: record.id });
});

test("R1 a record that side crm deleted is written back there as a new object, or archived", async () => {
  const wish = { crm: { side: "crm", create: "both", firstMeeting: "crm" }, erp: {} };
  for (const decision of ["write_back", "archive"]) {
    const stage = await startPulled(wish);
    await stage.push("crm", { externalId: "K1", data: ada, counter: 1 });
    await receive(stage.engine.deps, { connection: "crm", object: "debitor", via: "push" }, [
      { externalId: "K1", deleted: true, counter: 2 },
    ]);
    await stage.engine.work();
    const review = await openReview(stage, "orphaned");
    await expect(decide(stage, { id: review.id, decision: "erase" })).rejects.toMatchObject({ code: "not_allowed" });
    await decide(stage, { id: review.id, decision });
    const { deliveries } = await stage.lease("crm");
    if (decision === "archive") {
      expect(deliveries).toEqual([]);
      expect(await stage.record()).toMatchObject({ arkiveret_vaerdi: true, arkiveret_by: "test", orphaned_at: null });
    } else {
      expect(deliveries).toMatchObject([{ kind: "create", data: { firmanavn: "Ada ApS" } }]);
      expect(await stage.record()).toMatchObject({ orphaned_at: null });
    }
  }
});

test("R29 another person becomes primary by a person's word only; what the remote shows of her then agrees", async () => {
  for (const decision of ["make_primary", "ignore"]) {
    const stage = await startPulled();
    await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
    const other = { ...ada, "primaer.navn": "Bo Lund", "primaer.email": "bo@example.dk" };
    await stage.push("erp", { externalId: "1", data: other, counter: 2 });
    const review = await openReview(stage, "primary_contact");
    await decide(stage, { id: review.id, decision });
    const primary = await stage.ask("select navn from kontaktpersoner where primaer");
    const { deliveries } = await stage.lease("erp");
    expect((await stage.record()).holds).toBeNull();
    if (decision === "make_primary") {
      expect(primary).toEqual([{ navn: "Bo Lund" }]);
      expect(deliveries).toEqual([]);
    } else {
      expect(primary).toEqual([{ navn: "Ada Holm" }]);
      expect(deliveries).toMatchObject([{ data: { "primaer.navn": "Ada Holm", "primaer.email": "ada@example.dk" } }]);
    }
  }
});

test("an alert is acknowledged once, and nothing else may be said of it", async () => {
  const stage = await startPulled();
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  await receive(stage.engine.deps, { connection: "erp", object: "debitor", via: "push" }, [
    { externalId: "1", deleted: true, counter: 2 },
  ]);
  await stage.engine.work();
  const { id } = await openReview(stage, "alert");
  await expect(decide(stage, { id, decision: "take_theirs" })).rejects.toMatchObject({ code: "not_allowed" });
  expect(await decide(stage, { id, decision: "acknowledge" })).toEqual({ state: "decided" });
  await expect(decide(stage, { id: 999_999, decision: "acknowledge" })).rejects.toMatchObject({ code: "not_found" });
});

test("R16 a clash over the primary contact, seen through the links of the emne, is decided like any other", async () => {
  for (const decision of ["take_theirs", "keep_ours"]) {
    const stage = await startPulled({ erp: {} }, { survivorship: { email: { rule: "manual" } } });
    await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
    const [contact] = await stage.ask("select id from kontaktpersoner");
    await editEntity(stage.engine.deps, {
      entity: "kontaktperson",
      id: contact?.id,
      patch: { email: "ada@holm.example" },
      by: person,
    });
    await stage.push("erp", { externalId: "1", data: { ...ada, "primaer.email": "ah@example.dk" }, counter: 2 });
    const review = await openReview(stage, "conflict");
    expect(review).toMatchObject({ entity: "kontaktperson", unit: "email" });
    expect(await stage.lease("erp")).toEqual({ deliveries: [] });
    await decide(stage, { id: review.id, decision });
    const theirs = decision === "take_theirs";
    expect(await stage.ask("select email, holds from kontaktpersoner")).toEqual([
      { email: theirs ? "ah@example.dk" : "ada@holm.example", holds: null },
    ]);
    const { deliveries } = await stage.lease("erp");
    expect(deliveries.map((each) => each.data)).toEqual(theirs ? [] : [{ "primaer.email": "ada@holm.example" }]);
  }
});
