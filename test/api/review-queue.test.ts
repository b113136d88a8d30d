import { expect, test } from "vitest";
import { receive } from "../../src/pipelines/receive.ts";
import { alert } from "../../src/store/reviews.ts";
import { type Desk, startDesk } from "../support/desk.ts";

const ada = { firmanavn: "Ada ApS", soegenavn: "ADA", cvrNr: "12345674", telefon: "33123456" };
const bo = { firmanavn: "Bo A/S", soegenavn: "BO", cvrNr: "25313763", telefon: "44123456" };
const manual = { survivorship: { telefon: { rule: "manual" as const }, attention: { rule: "manual" as const } } };

/** Both sides change a field of two records since they agreed: two conflicts. */
async function startTwo(): Promise<Desk & { ada: string; bo: string }> {
  const desk = await startDesk({ erp: {} }, manual);
  const ids: string[] = [];
  for (const [externalId, data] of [
    ["1", ada],
    ["2", bo],
  ] as const) {
    await desk.push("erp", { externalId, data, counter: 1 });
    const { id } = await desk.record(data.firmanavn);
    ids.push(id);
    await desk.edit(id, { telefon: "70707070" });
    await desk.push("erp", { externalId, data: { ...data, telefon: "99887766" }, counter: 2 });
  }
  return { ...desk, ada: ids[0] ?? "", bo: ids[1] ?? "" };
}

const say = (desk: Desk, body: object, headers: Record<string, string> = {}) =>
  desk.api("POST", "/v1/reviews/decisions", { body, headers });

test("each review lists what may be decided of it, in its kind's own words, and another word is a 422 that names them", async () => {
  const desk = await startTwo();
  const [conflict] = await desk.waiting("conflict");
  expect(conflict.decisions).toEqual(["take_theirs", "keep_ours", "value"]);
  const decide = (body: object, language = "en") =>
    desk.api("POST", `/v1/reviews/${conflict.id}/decision`, { body, headers: { "accept-language": language } });
  const wrong = await decide({ decision: "archive", revision: conflict.revision });
  expect(wrong.body).toMatchObject({
    status: 422,
    code: "not_allowed",
    errors: [{ pointer: "/decision", detail: "This is not one of the choices: take_theirs, keep_ours, value." }],
  });
  expect((await decide({ decision: "archive", revision: conflict.revision }, "da")).body.errors).toMatchObject([
    { detail: "Ikke en af mulighederne: take_theirs, keep_ours, value." },
  ]);
  await desk.ok("POST", `/v1/reviews/${conflict.id}/decision`, {
    decision: "keep_ours",
    revision: conflict.revision,
    why: "ringet",
  });
  expect(await desk.ok("GET", `/v1/reviews/${conflict.id}`)).toMatchObject({
    state: "decided",
    decisions: [],
    decision: "keep_ours",
    decidedBy: "test admin",
    why: "ringet",
  });
});

test("R16 a decision on a conflict or proposal names the revision that was seen, or is not taken", async () => {
  const desk = await startTwo();
  const [conflict] = await desk.waiting("conflict");
  const path = `/v1/reviews/${conflict.id}/decision`;
  const blind = await desk.api("POST", path, { body: { decision: "take_theirs" } });
  expect(blind.body).toMatchObject({ status: 422, errors: [{ pointer: "/revision", code: "missing" }] });
  await desk.push("erp", { externalId: "1", data: { ...ada, telefon: "55443322" }, counter: 3 });
  const moved = await desk.api("POST", path, { body: { decision: "take_theirs", revision: conflict.revision } });
  expect(moved.body).toMatchObject({ status: 409, code: "side_moved" });
  expect(await desk.ok("GET", `/v1/kundeemner/${desk.ada}`)).toMatchObject({ telefon: "70707070" });
});

test("the document tells the decisions of every kind, and none that cannot be carried out", async () => {
  const desk = await startDesk();
  const document = await desk.document();
  const { description } = document.components.schemas.Review.properties.decisions;
  expect(description).toContain("`orphaned`: archive, write_back;");
  expect(description).toContain("`primary_contact`: make_primary, ignore;");
  expect(document.components.schemas.DecisionBody.properties.decision.enum).toContain("acknowledge");
});

test("the list is filtered by kind, connection, object, field, record with its contacts, age and state", async () => {
  const desk = await startTwo();
  const found = async (query: string) =>
    (await desk.ok("GET", `/v1/reviews?${query}`)).items.map((each: { id: number }) => each.id).sort();
  const [first, second] = (await desk.waiting("conflict")).map((each) => each.id);
  await alert(desk.engine.deps.db.sql, "2020-01-01T00:00:00Z", { reason: "test", connection: "other" });
  const [told] = (await desk.waiting("alert")).map((each) => each.id);
  expect(await found("kind=conflict")).toEqual([first, second]);
  expect(await found("connection=other")).toEqual([told]);
  expect(await found("object=debitor")).toEqual([first, second]);
  expect(await found("unit=telefon&limit=500")).toEqual([first, second]);
  expect(await found("unit=email")).toEqual([]);
  expect(await found(`kundeemne=${desk.ada}`)).toEqual([first]);
  expect(await found("openedBefore=2021-01-01T00:00:00Z")).toEqual([told]);
  expect(await found("state=decided")).toEqual([]);
  await desk.ok("POST", `/v1/reviews/${told}/decision`, { decision: "acknowledge" });
  expect(await found("state=decided")).toEqual([told]);
  expect(await found("state=any")).toEqual([first, second, told].sort());
  expect((await desk.api("GET", "/v1/reviews?kind=toss")).status).toBe(400);
  expect((await desk.api("GET", "/v1/reviews?fild=telefon")).status).toBe(400);

  // A conflict over a contact is found by its emne.
  await desk.ask(
    `insert into reviews (kind, state, entity, entity_id, unit, reason, opened_at, updated_at)
     values ('conflict', 'open', 'kontaktperson', $1, 'email', 'test', now(), now())`,
    [(await desk.ok("POST", `/v1/kundeemner/${desk.bo}/kontaktpersoner`, { navn: "Ida" })).meta.id],
  );
  expect(await found(`kundeemne=${desk.bo}`)).toHaveLength(2);
});

test("R16 many are decided by a filter, each for itself, with who and why; the same key does it once", async () => {
  const desk = await startTwo();
  const body = { filter: { kind: "conflict", unit: "telefon" }, decision: "take_theirs", why: "regnskabet ved det" };
  const headers = { "idempotency-key": "many-1" };
  const done = await say(desk, body, headers);
  expect(done.body).toEqual({ found: 2, decided: 2, failed: 0, failures: [], next: null });
  const again = await say(desk, body, headers);
  expect([again.headers.get("idempotent-replayed"), again.body]).toEqual(["true", done.body]);
  expect((await say(desk, body)).body).toMatchObject({ found: 0, decided: 0 });
  for (const id of [desk.ada, desk.bo])
    expect(await desk.ok("GET", `/v1/kundeemner/${id}`)).toMatchObject({ telefon: "99887766", meta: { held: {} } });
  const { items } = await desk.ok("GET", "/v1/reviews?state=decided");
  expect(items).toMatchObject([
    { decision: "take_theirs", decidedBy: "test admin", why: "regnskabet ved det" },
    { decision: "take_theirs", decidedBy: "test admin", why: "regnskabet ved det" },
  ]);
});

test("R16 of many, one that moved or cannot be decided is told with its reason, and the others are decided", async () => {
  const desk = await startTwo();
  await desk.ask("update kundeemner set begraenset_vaerdi = true where id = $1", [desk.ada]);
  const body = { filter: { connection: "erp" }, decision: "keep_ours", why: "rettet" };
  const done = await say(desk, body, { "accept-language": "da" });
  expect(done.body).toMatchObject({ found: 2, decided: 1, failed: 1, next: null });
  expect(done.body.failures).toMatchObject([{ kind: "conflict", code: "record_closed", detail: expect.any(String) }]);
  expect(await desk.waiting("conflict")).toMatchObject([{ entityId: desk.ada }]);
});

test("R16 of many, one whose side moves by the decision before it is not decided unseen", async () => {
  const desk = await startDesk({ erp: {}, other: {} });
  await desk.push("erp", { externalId: "1", data: ada, counter: 1 });
  await desk.push("other", { externalId: "A", data: ada, counter: 1 });
  const { id } = await desk.record();
  await desk.ok("PUT", `/v1/kundeemner/${id}/policy`, { unit: "telefon", policy: "propose", reason: "nøje" });
  await desk.push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 2 });
  await desk.push("other", { externalId: "A", data: { ...ada, telefon: "55443322" }, counter: 2 });
  const [, second] = await desk.waiting("proposal");
  const body = { filter: { kundeemne: id }, decision: "take_theirs", why: "de ved det" };
  expect((await say(desk, body)).body).toMatchObject({
    found: 2,
    decided: 1,
    failures: [{ id: second.id, kind: "proposal", code: "side_moved" }],
  });
  expect(await desk.ok("GET", `/v1/kundeemner/${id}`)).toMatchObject({ telefon: "99887766" });
  const [left] = await desk.waiting("proposal");
  expect(left.sides[0]).toMatchObject({ value: { telefon: "99887766" } });
});

test("many are decided in bounded parts, oldest first, and the answer says where to go on", async () => {
  const desk = await startTwo();
  const [first] = await desk.waiting("conflict");
  const body = { filter: { kind: "conflict" }, decision: "keep_ours", why: "vores", limit: 1 };
  const one = (await say(desk, body)).body;
  expect(one).toEqual({ found: 1, decided: 1, failed: 0, failures: [], next: first.id });
  expect((await say(desk, { ...body, after: one.next })).body).toMatchObject({ decided: 1, next: null });
  expect(await desk.waiting()).toEqual([]);
});

test("a decision on many names what is meant, why, and a word that the kind has", async () => {
  const desk = await startDesk();
  await alert(desk.engine.deps.db.sql, "2020-01-01T00:00:00Z", { reason: "test" });
  const faults = async (body: object) => (await say(desk, body)).body.errors;
  const filter = { kind: "alert" };
  expect(await faults({ filter: {}, decision: "acknowledge", why: "x" })).toMatchObject([{ pointer: "/filter" }]);
  expect(await faults({ filter, decision: "acknowledge" })).toMatchObject([{ pointer: "/why" }]);
  expect(await faults({ filter, decision: "value", why: "x" })).toMatchObject([{ pointer: "/decision" }]);
  expect(await faults({ filter, decision: "acknowledge", why: "x", limit: 501 })).toMatchObject([
    { pointer: "/limit" },
  ]);
  expect(await faults({ filter, decision: "dismiss", why: "x" })).toMatchObject([
    { pointer: "/decision", code: "not_allowed", detail: "This is not one of the choices: acknowledge." },
  ]);
  // Without a kind those that do not have the word are left out.
  expect(
    (await say(desk, { filter: { openedBefore: "2030-01-01T00:00:00Z" }, decision: "dismiss", why: "x" })).body,
  ).toMatchObject({ found: 0 });
  expect((await say(desk, { filter, decision: "acknowledge", why: "x" })).body).toMatchObject({ decided: 1 });
});

test("R1 what side crm has deleted may be archived or written back, not yet erased", async () => {
  const desk = await startDesk({ crm: { side: "crm", create: "both", firstMeeting: "crm" } });
  await desk.push("crm", { externalId: "K1", data: ada, counter: 1 });
  await receive(desk.engine.deps, { connection: "crm", object: "debitor", via: "push" }, [
    { externalId: "K1", deleted: true, counter: 2 },
  ]);
  await desk.engine.work();
  const [orphan] = await desk.waiting("orphaned");
  expect(orphan.decisions).toEqual(["archive", "write_back"]);
  const erased = await desk.api("POST", `/v1/reviews/${orphan.id}/decision`, { body: { decision: "erase" } });
  expect(erased.body).toMatchObject({
    status: 422,
    errors: [{ pointer: "/decision", detail: "This is not one of the choices: archive, write_back." }],
  });
  await desk.ok("POST", `/v1/reviews/${orphan.id}/decision`, { decision: "archive", why: "ophørt" });
  const record = await desk.ok("GET", `/v1/kundeemner/${orphan.entityId}`);
  expect(record).toMatchObject({ arkiveret: { vaerdi: true, by: "test admin", aarsag: "ophørt" } });
});
