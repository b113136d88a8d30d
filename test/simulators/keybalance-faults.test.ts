import { expect, test, vi } from "vitest";
import { startRaw } from "../support/keybalance-raw.ts";
import { openRaw, requestBytes } from "../support/raw-http.ts";

const one = { rows: { Debitorer: [{ Kontonr: "1", Navn: "Kaas ApS", Telefon: "33121314" }] } };
const put = ["PUT", "/Debitorer/1", { Att: "Bogholderi" }] as const;
const att = "Bogholderi";

test("slow: the answer is whole, and not there before its time", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "slow", ms: 60 }, times: 1 });
  const began = performance.now();
  expect(await kb.call(...put)).toMatchObject({ status: 200 });
  expect(performance.now() - began).toBeGreaterThanOrEqual(55);
});

test.each([7, "Wed, 21 Oct 2026 07:28:00 GMT"])("429 with Retry-After %s: nothing is done", async (retryAfter) => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "status", status: 429, retryAfter }, verb: "put", times: 1 });
  const answer = await kb.call(...put);
  expect(answer).toMatchObject({ status: 429, body: "For mange forespørgsler" });
  expect(answer.headers["retry-after"]).toBe(String(retryAfter));
  expect(kb.control.row("Debitorer", "1")?.Att).toBe("");
  expect((await kb.call(...put)).status).toBe(200);
});

test("500: nothing is done, and the log names the fault", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "status", status: 500 }, times: 1 });
  expect(await kb.call(...put)).toMatchObject({ status: 500, body: "Intern fejl" });
  expect(kb.control.row("Debitorer", "1")?.Att).toBe("");
  expect(kb.log.entries()).toMatchObject([{ status: 500, applied: false, fault: "status" }]);
});

test("reset before: the connection dies, nothing is done", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "reset", when: "before" }, times: 1 });
  expect(await kb.call(...put)).toMatchObject({ status: 0, ended: "reset" });
  expect(kb.control.row("Debitorer", "1")?.Att).toBe("");
});

test("reset after: the connection dies, the work is done", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "reset", when: "after" }, times: 1 });
  expect(await kb.call(...put)).toMatchObject({ status: 0, ended: "reset" });
  expect(kb.control.row("Debitorer", "1")?.Att).toBe(att);
  expect(kb.log.writes("Debitorer", "1")).toMatchObject([{ status: null, applied: true, fault: "reset" }]);
});

test("late answer: the work is done at once, the answer comes later", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "lateAnswer", ms: 60 }, times: 1 });
  const answer = kb.call(...put);
  expect(await kb.log.until((entry) => entry.applied)).toMatchObject({ method: "PUT", status: null });
  expect(kb.control.row("Debitorer", "1")?.Att).toBe(att);
  expect(await answer).toMatchObject({ status: 200, ended: "complete" });
  expect(kb.log.entries()[0]?.status).toBe(200);
});

test("answer that never comes: a POST is done all the same, and done again when sent again", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "lateAnswer", ms: null }, verb: "post", times: 1 });
  const bytes = requestBytes("POST", `/firma/API2/${kb.token}/Debitorer`, '{"Navn":"Ny ApS"}');
  const { socket, answer } = openRaw(kb.port, bytes);
  await kb.log.until((entry) => entry.applied);
  socket.destroy();
  expect(await answer).toMatchObject({ status: 0, ended: "cut" });
  await kb.call("POST", "/Debitorer", { Navn: "Ny ApS" });
  expect(kb.control.rows("Debitorer").filter((row) => row.Navn === "Ny ApS")).toHaveLength(2);
});

test("cut body: the head promises more bytes than come, of an object and of a list", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "cutBody", bytes: 12 }, times: 2 });
  for (const path of ["/Debitorer/1", "/Debitorer"]) {
    const answer = await kb.call("GET", path);
    expect(answer).toMatchObject({ status: 200, ended: "cut" });
    expect(Buffer.byteLength(answer.body)).toBe(12);
    expect(Number(answer.headers["content-length"])).toBeGreaterThan(12);
  }
});

test("black hole: the request is met, nothing is done, nothing comes back", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "blackHole" }, times: 1 });
  const { socket, answer } = openRaw(
    kb.port,
    requestBytes("PUT", `/firma/API2/${kb.token}/Debitorer/1`, '{"Att":"x"}'),
  );
  await vi.waitFor(() => expect(kb.log.entries()).toMatchObject([{ fault: "blackHole", status: null }]));
  expect((await kb.call("GET", "/Debitorer/1")).status).toBe(200);
  socket.destroy();
  expect(await answer).toMatchObject({ status: 0 });
  expect(kb.control.row("Debitorer", "1")?.Att).toBe("");
});

test("wrong content type: right bytes under a wrong name", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "wrongContentType", type: "text/html" }, times: 1 });
  const answer = await kb.call("GET", "/Debitorer/1");
  expect(answer.headers["content-type"]).toBe("text/html");
  expect(JSON.parse(answer.body)).toMatchObject({ Kontonr: "1" });
});

test.each([
  ["upper", "Navn", "Ærø Bådværft k/s", "ÆRØ BÅDVÆRFT K/S"],
  ["spacedPhone", "Telefon", "+4533121314", "+45 33 12 13 14"],
  ["compactPhone", "Telefon", "33 12 13 14", "33121314"],
  ["cut", "Navn", "Ærø Bådværft", "Ærø B"],
  ["trim", "Adr1", "  Østergade   7 ", "Østergade 7"],
] as const)(
  "rendering %s: %s is stored and answered in the ledger's own spelling",
  async (how, field, sent, stored) => {
    const kb = await startRaw(one);
    kb.control.addFault({ fault: { kind: "render", field, how, max: 5 }, function: "Debitorer" });
    expect(await kb.json("PUT", "/Debitorer/1", { [field]: sent })).toMatchObject({ [field]: stored });
    expect(kb.control.row("Debitorer", "1")?.[field]).toBe(stored);
  },
);

test("rendering when read: the ledger keeps what was typed and shows it in its own way", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "render", field: "Navn", how: "upper", at: "read" } });
  expect(await kb.json("GET", "/Debitorer/1")).toMatchObject({ Navn: "KAAS APS" });
  expect(await kb.json("GET", "/Debitorer")).toMatchObject([{ Navn: "KAAS APS" }]);
  expect(await kb.json("PUT", "/Debitorer/1", { Navn: "Kaas og Co" })).toMatchObject({ Navn: "KAAS OG CO" });
  expect(kb.control.row("Debitorer", "1")?.Navn).toBe("Kaas og Co");
});

test("ignored field: accepted with 200 and not stored, the others are", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "ignoreField", field: "Telefon" } });
  const answer = await kb.json("PUT", "/Debitorer/1", { Telefon: "70102030", Att: att });
  expect(answer).toMatchObject({ Telefon: "33121314", Att: att });
});

test("refused delete: 409 in words, the object stays", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "refuseDelete" }, function: "Debitorer", id: "1", times: 1 });
  expect(await kb.call("DELETE", "/Debitorer/1")).toMatchObject({
    status: 409,
    body: "Kontonr 1 kan ikke slettes: i brug",
  });
  expect(kb.control.row("Debitorer", "1")).toBeDefined();
  expect((await kb.call("DELETE", "/Debitorer/1")).status).toBe(200);
});

test("new rows late, by reads: a created object is missing from so many reads, lists and single ones", async () => {
  const kb = await startRaw(one);
  kb.control.addFault({ fault: { kind: "showLate", reads: 2 }, verb: "post", times: 1 });
  const { Kontonr } = await kb.json("POST", "/Debitorer", { Navn: "Ny ApS" });
  expect(await kb.json("GET", "/Debitorer")).toHaveLength(1);
  expect((await kb.call("GET", `/Debitorer/${Kontonr}`)).status).toBe(404);
  expect(await kb.json("GET", "/Debitorer")).toHaveLength(2);
  expect((await kb.call("GET", `/Debitorer/${Kontonr}`)).status).toBe(200);
});

test("new rows late, by time: a created object is missing from reads for so long", async () => {
  let now = 0;
  const kb = await startRaw({ ...one, now: () => now });
  kb.control.addFault({ fault: { kind: "showLate", ms: 5_000 }, verb: "post", times: 1 });
  const { Kontonr } = await kb.json("POST", "/Debitorer", { Navn: "Ny ApS" });
  now = 4_999;
  expect((await kb.call("GET", `/Debitorer/${Kontonr}`)).status).toBe(404);
  now = 5_000;
  expect((await kb.call("GET", `/Debitorer/${Kontonr}`)).status).toBe(200);
});

test("drifting balance: each read shows another one, the same ones with the same seed", async () => {
  const seen = async () => {
    const kb = await startRaw({ ...one, seed: 7 });
    kb.control.addFault({ fault: { kind: "computedDrift" }, function: "Debitorer", verb: "get" });
    return [await kb.json("GET", "/Debitorer/1"), await kb.json("GET", "/Debitorer/1")].map((row) => row.Saldo);
  };
  const [first, second] = await seen();
  expect(first).not.toBe(second);
  expect(await seen()).toEqual([first, second]);
});

test("a person in between: edits right after our read, or right before our write", async () => {
  const kb = await startRaw(one);
  const fault = { kind: "personEdits", fields: { Telefon: "70102030" } } as const;
  kb.control.addFault({ fault: { ...fault, when: "after" }, verb: "get", times: 1 });
  expect(await kb.json("GET", "/Debitorer/1")).toMatchObject({ Telefon: "33121314" });
  expect(kb.control.row("Debitorer", "1")?.Telefon).toBe("70102030");
  kb.control.addFault({ fault: { ...fault, fields: { Fax: "70102031" }, when: "before" }, verb: "put", times: 1 });
  expect(await kb.json(...put)).toMatchObject({ Telefon: "70102030", Fax: "70102031", Att: att });
});

test("a rule strikes only what it names, so often as it says", async () => {
  const kb = await startRaw({ rows: { ...one.rows, Kreditorer: [{ Kontonr: "1", Navn: "Ærø K/S" }] } });
  kb.control.addFault({
    fault: { kind: "status", status: 503 },
    function: "Debitorer",
    verb: "get",
    id: "1",
    times: 2,
  });
  const statuses = [];
  for (const path of ["/Kreditorer/1", "/Debitorer", "/Debitorer/1", "/Debitorer/1", "/Debitorer/1"]) {
    statuses.push((await kb.call("GET", path)).status);
  }
  expect(statuses).toEqual([200, 200, 503, 503, 200]);
  expect(kb.control.faults()).toEqual([]);
});

test("a rule by chance strikes some, the same ones with the same seed, until it is taken away", async () => {
  const statuses = async () => {
    const kb = await startRaw({ ...one, seed: 3 });
    const id = kb.control.addFault({ fault: { kind: "status", status: 500 }, probability: 0.5 });
    const met = [];
    for (let at = 0; at < 20; at += 1) met.push((await kb.call("GET", "/Debitorer/1")).status);
    kb.control.clearFaults(id);
    expect((await kb.call("GET", "/Debitorer/1")).status).toBe(200);
    return met;
  };
  const first = await statuses();
  expect(new Set(first)).toEqual(new Set([200, 500]));
  expect(await statuses()).toEqual(first);
});
