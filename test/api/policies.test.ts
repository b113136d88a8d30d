import { expect, test } from "vitest";
import { endPolicies } from "../../src/pipelines/end-policies.ts";
import { type Desk, startDesk } from "../support/desk.ts";

const ada = {
  firmanavn: "Ada ApS",
  soegenavn: "ADA",
  cvrNr: "12345674",
  telefon: "33123456",
  "primaer.navn": "Ada Holm",
  "primaer.email": "ada@example.dk",
};

/** One debitor that is linked, both ways. */
async function start(): Promise<Desk & { id: string; path: string }> {
  const desk = await startDesk();
  await desk.push("erp", { externalId: "1", data: ada, counter: 1 });
  const { id } = await desk.record();
  return { ...desk, id, path: `/v1/kundeemner/${id}` };
}

test("R15 a pinned field is changed by no system, says who pinned it and why, and our value still goes out", async () => {
  const { ok, path, push, lease } = await start();
  const pinned = await ok("PUT", `${path}/pins/telefon`, { reason: "ringet op" });
  expect(pinned.meta.policies).toEqual([
    {
      unit: "telefon",
      policy: "frozen",
      pin: true,
      connection: null,
      direction: null,
      reason: "ringet op",
      by: "test admin",
      until: null,
    },
  ]);
  await push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 2 });
  const after = await ok("GET", path);
  expect(after.telefon).toBe("33123456");
  expect((await lease("erp")).deliveries).toMatchObject([{ data: { telefon: "33123456" } }]);
  const told = (await ok("GET", `${path}/history`)).items;
  expect(told[0]).toMatchObject({
    kind: "pinned",
    by: { kind: "api", actor: "test admin" },
    fields: { "pin telefon * both": { from: null, to: "frozen: ringet op" } },
  });
});

test("R15 without its pin a field is open again, and the unpinning is told", async () => {
  const { ok, api, path, push } = await start();
  await ok("PUT", `${path}/pins/telefon`, { reason: "ringet op" });
  expect((await ok("DELETE", `${path}/pins/telefon`)).meta.policies).toEqual([]);
  await push("erp", { externalId: "1", data: { ...ada, telefon: "99887766" }, counter: 2 });
  expect(await ok("GET", path)).toMatchObject({ telefon: "99887766" });
  expect((await ok("GET", `${path}/history`)).items.map((each: { kind: string }) => each.kind).slice(0, 3)).toEqual([
    "updated",
    "unpinned",
    "pinned",
  ]);
  expect((await api("DELETE", `${path}/pins/telefon`)).status).toBe(404);
});

test("R15 a pin on a member of a group pins the group, a person may still change it, and the same pin twice is one", async () => {
  const { ok, path } = await start();
  const first = await ok("PUT", `${path}/pins/postnr`, { reason: "flyttet" });
  const again = await ok("PUT", `${path}/pins/adresse`, { reason: "flyttet" });
  expect(again.meta).toMatchObject({ version: first.meta.version, policies: [{ unit: "adresse", pin: true }] });
  expect(await ok("PATCH", path, { postnr: "8000" })).toMatchObject({ postnr: "8000", bynavn: "Aarhus C" });
});

test("a pin or policy names the version that was seen, a field that somebody sets, and a time that lies ahead", async () => {
  const { api, ok, path } = await start();
  const { version } = (await ok("GET", path)).meta;
  const put = (rest: string, body: unknown, headers: Record<string, string> = {}) =>
    api("PUT", `${path}/${rest}`, { body, headers });
  const stale = await put("pins/telefon", { reason: "nej" }, { "if-match": `"${version - 1}"` });
  expect(stale.body).toMatchObject({ status: 412, code: "version_moved", currentVersion: version });
  const done = await put("pins/telefon", { reason: "ja" }, { "if-match": `"${version}"` });
  expect([done.status, done.headers.get("etag")]).toEqual([200, `"${version + 1}"`]);

  const faults = async (rest: string, body: unknown, language = "en") =>
    (await put(rest, body, { "accept-language": language })).body.errors;
  expect(await faults("pins/telefonen", { reason: "x" })).toMatchObject([{ pointer: "/field", code: "unknown_field" }]);
  expect(await faults("pins/findesDeb", { reason: "x" })).toMatchObject([
    { pointer: "/field", code: "computed_field", detail: expect.stringMatching(/its links to debitors/) },
  ]);
  expect(await faults("pins/primaerKontaktId", { reason: "x" })).toMatchObject([{ code: "computed_field" }]);
  expect(await faults("pins/telefon", {})).toMatchObject([{ pointer: "/reason", code: "wrong_type" }]);
  expect(await faults("pins/telefon", { reason: "x", until: "2001-01-01T00:00:00Z" })).toMatchObject([
    { pointer: "/until", code: "bad_value", detail: "This value cannot be taken: The time must lie ahead." },
  ]);
  expect(await faults("pins/telefon", { reason: "x", until: "2001-01-01T00:00:00Z" }, "da")).toMatchObject([
    { detail: "Værdien kan ikke modtages: Tidspunktet skal ligge ude i fremtiden." },
  ]);
  const policy = { unit: "telefon", policy: "frozen", reason: "x" };
  expect(
    await faults("policy", [policy, { ...policy, connection: "nix" }, { ...policy, unit: "nix" }, policy]),
  ).toEqual([
    { pointer: "/1/connection", code: "not_allowed", detail: "This is not one of the choices: erp." },
    { pointer: "/2/unit", code: "unknown_field", detail: "There is no field of this name." },
    { pointer: "/3", code: "contradiction", detail: "/0 and /3 say different things. Send one of them." },
  ]);
  expect(
    (await api("PUT", `/v1/kundeemner/${crypto.randomUUID()}/pins/telefon`, { body: { reason: "x" } })).status,
  ).toBe(404);
});

test("R15 a policy is for a field, a connection and a direction; one takes the place of its like, a list of all, and auto ends it", async () => {
  const { ok, path } = await start();
  const policies = async (body: unknown) =>
    (await ok("PUT", `${path}/policy`, body)).meta.policies.map(
      (each: Record<string, unknown>) => `${each.unit} ${each.policy} ${each.connection} ${each.direction}`,
    );
  const reason = "aftale";
  expect(await policies({ unit: "telefon", policy: "propose", reason })).toEqual(["telefon propose null null"]);
  expect(await policies({ unit: "telefon", policy: "frozen", connection: "erp", direction: "out", reason })).toEqual([
    "telefon propose null null",
    "telefon frozen erp out",
  ]);
  expect(await policies({ unit: "telefon", policy: "if_empty", reason })).toEqual([
    "telefon frozen erp out",
    "telefon if_empty null null",
  ]);
  await ok("PUT", `${path}/pins/firmanavn`, { reason });
  expect(await policies([{ unit: "*", policy: "propose", direction: "in", reason }])).toEqual([
    "firmanavn frozen null null",
    "* propose null in",
  ]);
  expect(await policies({ unit: "*", policy: "auto", direction: "in", reason })).toEqual([
    "firmanavn frozen null null",
  ]);
  const { items } = await ok("GET", `${path}/history`);
  expect(items.slice(0, 2).map((each: { kind: string }) => each.kind)).toEqual(["policy", "policy"]);
});

test("R15 under propose a ledger's edit becomes a proposal, and what a person says of it is done", async () => {
  const { ok, path, push, waiting } = await start();
  await ok("PUT", `${path}/policy`, { unit: "telefon", policy: "propose", direction: "in", reason: "nøje" });
  await push("erp", { externalId: "1", data: { ...ada, telefon: "99887766", attention: "Bo" }, counter: 2 });
  expect(await ok("GET", path)).toMatchObject({ telefon: "33123456", attention: "Bo" });
  const [proposal] = await waiting("proposal");
  expect(proposal).toMatchObject({ unit: "telefon", connection: "erp", reason: "R15:propose" });
  const decision = { decision: "take_theirs", revision: proposal.revision };
  await ok("POST", `/v1/reviews/${proposal.id}/decision`, decision);
  expect(await ok("GET", path)).toMatchObject({ telefon: "99887766" });
});

test("R14 R15 a policy is asked again at sending: what it withholds goes out when it is lifted", async () => {
  const { ok, path, edit, id, lease, ask } = await start();
  await edit(id, { telefon: "44556677" });
  await ok("PUT", `${path}/policy`, { unit: "telefon", policy: "frozen", direction: "out", reason: "ikke endnu" });
  expect((await lease("erp")).deliveries).toEqual([]);
  expect(await ask("select state, withheld from deliveries")).toEqual([
    { state: "withheld", withheld: { telefon: "frozen" } },
  ]);
  await ok("PUT", `${path}/policy`, []);
  expect((await lease("erp")).deliveries).toMatchObject([{ externalId: "1", data: { telefon: "44556677" } }]);
});

test("R14 R15 a policy for the way out is obeyed where the object is made, too", async () => {
  const desk = await startDesk({ erp: {}, shop: { create: "both" } });
  await desk.ask("update lanes set released_out = false where connection = 'shop'");
  const made = await desk.ok("POST", "/v1/kundeemner", { firmanavn: "Ny ApS", telefon: "33123456", attention: "Bo" });
  const path = `/v1/kundeemner/${made.meta.id}`;
  await desk.ok("PUT", `${path}/policy`, { unit: "telefon", policy: "frozen", direction: "out", reason: "hemmeligt" });
  await desk.ask("update lanes set released_out = true where connection = 'shop'");
  await desk.ok("PATCH", path, { attention: "Ida" });
  const { deliveries } = await desk.lease("shop");
  expect(deliveries).toMatchObject([{ kind: "create", data: { firmanavn: "Ny ApS", attention: "Ida" } }]);
  expect(Object.keys(deliveries[0]?.data ?? {})).not.toContain("telefon");
});

test("R15 a policy ends at its time: from then on it is asked no more, and what it held back becomes due", async () => {
  const { ok, path, edit, id, lease, at, push, engine } = await start();
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await ok("PUT", `${path}/pins/attention`, { reason: "så længe", until });
  await ok("PUT", `${path}/policy`, { unit: "telefon", policy: "frozen", direction: "out", reason: "til", until });
  await edit(id, { telefon: "44556677" });
  expect((await lease("erp")).deliveries).toEqual([]);
  expect(await endPolicies(engine.deps)).toBe(0);
  await at(until);
  await push("erp", { externalId: "1", data: { ...ada, attention: "Bo" }, counter: 2 });
  expect(await ok("GET", path)).toMatchObject({ attention: "Bo" });
  expect(await endPolicies(engine.deps)).toBe(1);
  expect(await endPolicies(engine.deps)).toBe(0);
  expect((await ok("GET", path)).meta.policies).toEqual([]);
  expect((await ok("GET", `${path}/history`)).items[0]).toMatchObject({ kind: "policy", by: { kind: "system" } });
  expect((await lease("erp")).deliveries).toMatchObject([{ data: { telefon: "44556677" } }]);
});

test("R15 R29 a pin on a contact's field holds it also where an emne shows it as the primary contact", async () => {
  const { ok, api, path, push } = await start();
  const [contact] = (await ok("GET", `${path}/kontaktpersoner`)).items;
  const own = `${path}/kontaktpersoner/${contact.meta.id}`;
  const pinned = await ok("PUT", `${own}/pins/email`, { reason: "bekræftet" });
  expect(pinned.meta.policies).toMatchObject([{ unit: "email", pin: true, by: "test admin" }]);
  await push("erp", { externalId: "1", data: { ...ada, "primaer.email": "a@example.dk" }, counter: 2 });
  expect(await ok("GET", own)).toMatchObject({ email: "ada@example.dk" });
  await ok("PUT", `${own}/policy`, [{ unit: "navn", policy: "frozen", reason: "r" }]);
  await ok("DELETE", `${own}/pins/email`);
  await push("erp", { externalId: "1", data: { ...ada, "primaer.email": "b@example.dk" }, counter: 3 });
  const after = await ok("GET", own);
  expect(after).toMatchObject({ email: "b@example.dk", meta: { policies: [{ unit: "navn", policy: "frozen" }] } });
  const other = `/v1/kundeemner/${crypto.randomUUID()}/kontaktpersoner/${contact.meta.id}`;
  expect((await api("PUT", `${other}/pins/email`, { body: { reason: "x" } })).status).toBe(404);
});
