import { expect, test } from "vitest";
import type { Decision } from "../../src/pipelines/decision.ts";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { editEntity } from "../../src/pipelines/edit.ts";
import { unlink } from "../../src/pipelines/linking.ts";
import { changePolicies } from "../../src/pipelines/policies.ts";
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
const rule = { rule: "manual" as const };
const manual = { survivorship: { telefon: rule, firmanavn: rule, email: rule } };

const decide = (stage: Pulled, act: Omit<Decision, "by">) => decideReview(stage.engine.deps, { ...act, by: person });

const open = async (stage: Pulled, kind: string) => {
  const reviews = await stage.ask(
    "select *, id::float8 as id from reviews where state in ('open', 'suspended') and kind = $1",
    [kind],
  );
  expect(reviews).toHaveLength(1);
  return reviews[0] ?? {};
};
const none = async (stage: Pulled) => expect(await stage.ask("select 1 from reviews where state = 'open'")).toEqual([]);

/** Ours 44556677 against what `erp` and `other` show, who agreed on 33123456 before. */
async function startClash(erp: string, other: string) {
  const stage = await startPulled({ erp: {}, other: {} }, manual);
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  await stage.push("other", { externalId: "A", data: ada, counter: 1 });
  const { id } = await stage.record();
  await stage.edit(id, { telefon: "44556677" });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: erp }, counter: 2 });
  await stage.push("other", { externalId: "A", data: { ...ada, telefon: other }, counter: 2 });
  return { ...stage, id, review: await open(stage, "conflict") };
}

test("R16 an edit of ours to what every side shows closes the case, and base is what each link last showed", async () => {
  const stage = await startClash("99887766", "99887766");
  await stage.edit(stage.id, { telefon: "99887766" });
  await none(stage);
  expect(await stage.record()).toMatchObject({ telefon: "99887766", holds: null });
  for (const [connection, externalId] of [
    ["erp", "1"],
    ["other", "A"],
  ] as const)
    expect(await stage.link(connection, externalId)).toMatchObject({ base: { telefon: "99887766" }, seen: null });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  // Going back to what stood before the case is an edit again, on either side.
  await stage.push("other", { externalId: "A", data: ada, counter: 3 });
  expect(await stage.record()).toMatchObject({ telefon: "33123456" });
});

test("R16 a claim that comes to what we have edited meanwhile closes the case, with the one who edited as its setter", async () => {
  const stage = await startClash("99887766", "99887766");
  await stage.edit(stage.id, { telefon: "55443322" });
  expect(await stage.record()).toMatchObject({ telefon: "44556677" });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "55443322" }, counter: 3 });
  expect(await open(stage, "conflict")).toMatchObject({ id: stage.review.id });
  await stage.push("other", { externalId: "A", data: { ...ada, telefon: "55443322" }, counter: 3 });
  await none(stage);
  const { telefon, provenance } = await stage.record();
  expect(telefon).toBe("55443322");
  expect(provenance.s[provenance.u.telefon[1]]).toMatchObject({ kind: "person", actor: "test" });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
});

test("R16 sides of several links close the case when the last of them agrees, not before", async () => {
  const stage = await startClash("99887766", "77665544");
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "44556677" }, counter: 3 });
  expect(await open(stage, "conflict")).toMatchObject({ id: stage.review.id });
  await stage.push("other", { externalId: "A", data: { ...ada, telefon: "44556677" }, counter: 3 });
  await none(stage);
  expect(await stage.ask("select state, decision, decided_by from reviews")).toEqual([
    { state: "closed", decision: "sides_agree", decided_by: "kobling" },
  ]);
});

test("R16 the side that differed is unlinked: what remains agrees, and the case closes", async () => {
  const stage = await startClash("44556677", "77665544");
  const { id: linkId } = await stage.link("other", "A");
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "66554433" }, counter: 3 });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "44556677" }, counter: 4 });
  expect((await open(stage, "conflict")).sides).toHaveLength(3);
  await unlink(stage.engine.deps, { linkId, by: person });
  await none(stage);
  expect(await stage.record()).toMatchObject({ telefon: "44556677", holds: null });
});

test("R16 a case is not closed over a link that is being decided elsewhere: it is tried again, and nothing is lost", async () => {
  const stage = await startClash("99887766", "99887766");
  const { id: linkId } = await stage.link("other", "A");
  const { sql } = stage.engine.deps.db;
  await sql.begin(async (tx) => {
    await tx`select 1 from links where id = ${linkId} for update`;
    await expect(stage.edit(stage.id, { telefon: "99887766" })).rejects.toMatchObject({
      name: "RetryableError",
      code: "busy",
    });
  });
  expect(await open(stage, "conflict")).toMatchObject({ id: stage.review.id, revision: stage.review.revision });
  await stage.edit(stage.id, { telefon: "99887766" });
  await none(stage);
});

/** The ledger proposes 99887766 for our 33123456. */
async function startProposal() {
  const stage = await startPulled({ erp: {}, other: {} }, manual);
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  await stage.push("other", { externalId: "A", data: ada, counter: 1 });
  const { id } = await stage.record();
  const policy = { unit: "telefon", policy: "propose", connection: "erp", direction: "in", reason: "nøje" } as const;
  const change = { kind: "policy", policy } as const;
  await changePolicies(stage.engine.deps, { entity: "kundeemne", id, change, by: person });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 2 });
  return { ...stage, id, review: await open(stage, "proposal") };
}

test("R16 our value changes under a proposal: that is a side that moved, and who saw the old one is refused", async () => {
  const stage = await startProposal();
  await stage.edit(stage.id, { telefon: "55443322" });
  const act = { id: stage.review.id, decision: "take_theirs" };
  await expect(decide(stage, { ...act, revision: stage.review.revision })).rejects.toMatchObject({
    code: "side_moved",
  });
  const moved = await open(stage, "proposal");
  expect(moved.sides).toMatchObject([{ value: { telefon: "55443322" } }, { value: { telefon: "99887766" } }]);
  await decide(stage, { ...act, revision: moved.revision });
  expect(await stage.record()).toMatchObject({ telefon: "99887766" });
});

test("R16 our value comes to what was proposed, by whichever way: the proposal closes", async () => {
  const stage = await startProposal();
  await stage.push("other", { externalId: "A", data: { ...ada, telefon: "99887766" }, counter: 2 });
  await none(stage);
  expect(await stage.record()).toMatchObject({ telefon: "99887766", holds: null });
  expect(await stage.link("erp", "1")).toMatchObject({ base: { telefon: "99887766" }, seen: null });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
});

test("R15 R16 a source that goes back to what a person refused takes its newer proposal with it", async () => {
  const stage = await startProposal();
  await decide(stage, { id: stage.review.id, decision: "keep_ours", revision: stage.review.revision });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "66554433" }, counter: 3 });
  await open(stage, "proposal");
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 4 });
  await none(stage);
  expect(await stage.record()).toMatchObject({ telefon: "33123456", holds: null });
});

test("R16 while a conflict holds a field no proposal changes its value; it may only be turned down", async () => {
  const stage = await startProposal();
  await stage.edit(stage.id, { telefon: "55443322" });
  await stage.push("other", { externalId: "A", data: { ...ada, telefon: "77665544" }, counter: 2 });
  const conflict = await open(stage, "conflict");
  const { id, revision } = await open(stage, "proposal");
  await expect(decide(stage, { id, decision: "take_theirs", revision })).rejects.toMatchObject({ code: "conflict" });
  expect(await stage.record()).toMatchObject({ telefon: "55443322" });
  // The conflict's outcome is a side of the proposal, which has moved with it.
  await decide(stage, { id: conflict.id, decision: "take_theirs", revision: conflict.revision });
  expect((await open(stage, "proposal")).sides[0]).toMatchObject({ value: { telefon: "77665544" } });
});

test("R16 what follows from a held name waits with it", async () => {
  const bare = { firmanavn: "Ada ApS", cvrNr: "12345674" };
  const stage = await startPulled({ erp: {} }, manual);
  await stage.push("erp", { externalId: "1", data: bare, counter: 1 });
  const { id } = await stage.record();
  await stage.edit(id, { firmanavn: "Vores ApS" });
  await stage.push("erp", { externalId: "1", data: { ...bare, firmanavn: "Deres ApS" }, counter: 2 });
  await open(stage, "conflict");
  const { soegenavn } = await stage.record();
  await stage.edit(id, { firmanavn: "Tredje ApS" });
  expect(await stage.record()).toMatchObject({ firmanavn: "Vores ApS", soegenavn });
});

test("R16 archive suspends the cases of a record: nothing is decided, claims still join, and out of it they are open again", async () => {
  const stage = await startPulled({ crm: { side: "crm", firstMeeting: "crm" }, erp: {} }, manual);
  await stage.push("crm", { externalId: "K", data: ada, counter: 1 });
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  const { id } = await stage.record();
  await stage.edit(id, { telefon: "44556677" });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 2 });
  const conflict = await open(stage, "conflict");
  await receive(stage.engine.deps, { connection: "crm", object: "debitor", via: "push" }, [
    { externalId: "K", deleted: true, counter: 2 },
  ]);
  await stage.engine.work();
  await decide(stage, { id: (await open(stage, "orphaned")).id, decision: "archive" });
  const suspended = await open(stage, "conflict");
  expect(suspended).toMatchObject({ id: conflict.id, state: "suspended" });
  const act = { id: conflict.id, decision: "take_theirs" };
  await expect(decide(stage, { ...act, revision: suspended.revision })).rejects.toMatchObject({ code: "conflict" });
  await stage.push("erp", { externalId: "1", data: { ...ada, telefon: "77665544" }, counter: 3 });
  expect(await stage.lease("erp")).toEqual({ deliveries: [] });
  expect(await stage.record()).toMatchObject({ telefon: "44556677" });

  const patch = { "arkiveret.vaerdi": false };
  await editEntity(stage.engine.deps, { entity: "kundeemne", id, patch, by: person });
  const again = await open(stage, "conflict");
  expect(again).toMatchObject({ id: conflict.id, state: "open" });
  await expect(decide(stage, { ...act, revision: conflict.revision })).rejects.toMatchObject({ code: "side_moved" });
  await decide(stage, { ...act, revision: again.revision });
  expect(await stage.record()).toMatchObject({ telefon: "77665544" });
});

test("R16 nothing of a held field is sent where the record is made, the primary contact's included", async () => {
  const stage = await startPulled({ erp: {}, shop: { create: "both" } }, manual);
  await stage.ask("update lanes set released_out = false where connection = 'shop'");
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  const { id } = await stage.record();
  const [contact] = await stage.ask("select id from kontaktpersoner");
  const edit = { entity: "kontaktperson", id: contact?.id, patch: { email: "ada@holm.example" } } as const;
  await editEntity(stage.engine.deps, { ...edit, by: person });
  await stage.edit(id, { telefon: "44556677" });
  const theirs = { ...ada, telefon: "99887766", "primaer.email": "ah@example.dk" };
  await stage.push("erp", { externalId: "1", data: theirs, counter: 2 });
  expect(await stage.ask("select unit from reviews where state = 'open' order by unit")).toEqual([
    { unit: "email" },
    { unit: "telefon" },
  ]);
  await stage.ask("update lanes set released_out = true where connection = 'shop'");
  await stage.edit(id, { attention: "Bo" });
  const [made] = (await stage.lease("shop")).deliveries;
  expect(made).toMatchObject({ kind: "create", data: { firmanavn: "Ada ApS", "primaer.navn": "Ada Holm" } });
  expect(Object.keys(made?.data ?? {})).not.toContain("telefon");
  expect(Object.keys(made?.data ?? {})).not.toContain("primaer.email");
});

test("R16 R29 sides that speak of the primary contact through its emne close their case when they agree", async () => {
  const stage = await startPulled({ erp: {}, other: {} }, manual);
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  await stage.push("other", { externalId: "A", data: ada, counter: 1 });
  const [contact] = await stage.ask("select id from kontaktpersoner");
  const edit = { entity: "kontaktperson", id: contact?.id, patch: { email: "ada@holm.example" } } as const;
  await editEntity(stage.engine.deps, { ...edit, by: person });
  const shown = (email: string) => ({ ...ada, "primaer.email": email });
  await stage.push("erp", { externalId: "1", data: shown("ah@example.dk"), counter: 2 });
  await stage.push("other", { externalId: "A", data: shown("holm@example.dk"), counter: 2 });
  expect((await open(stage, "conflict")).sides).toHaveLength(3);
  await stage.push("erp", { externalId: "1", data: shown("ada@holm.example"), counter: 3 });
  await stage.push("other", { externalId: "A", data: shown("ada@holm.example"), counter: 3 });
  await none(stage);
  expect(await stage.ask("select email, holds from kontaktpersoner")).toEqual([
    { email: "ada@holm.example", holds: null },
  ]);
});

test("R16 R29 who is primary is changed here while another person is proposed: the question is looked at again", async () => {
  const stage = await startPulled();
  await stage.push("erp", { externalId: "1", data: ada, counter: 1 });
  const { id } = await stage.record();
  const other = { ...ada, "primaer.navn": "Bo Lund", "primaer.email": "bo@example.dk" };
  await stage.push("erp", { externalId: "1", data: other, counter: 2 });
  const review = await open(stage, "primary_contact");
  await stage.edit(id, { primaerKontaktId: null });
  await expect(decide(stage, { id: review.id, decision: "ignore", revision: review.revision })).rejects.toMatchObject({
    code: "side_moved",
  });
});
