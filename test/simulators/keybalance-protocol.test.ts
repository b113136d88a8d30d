import { expect, test } from "vitest";
import { startRaw, TOKEN } from "../support/keybalance-raw.ts";
import { requestBytes, sendRaw } from "../support/raw-http.ts";

/** The rows of domain b2: one test, or a few, for each call. */

const two = {
  Debitorer: [
    { Kontonr: "1", Navn: "Kaas ApS", Telefon: "33121314" },
    { Kontonr: "2", Navn: "Ærø K/S" },
  ],
};

test("GET of a function: the whole list as one JSON array, without pages, filters or any time of change", async () => {
  const rows = Array.from({ length: 1_203 }, (_, at) => ({ Navn: `Firma ${at} – æøå` }));
  const kb = await startRaw({ rows: { Debitorer: rows } });
  const answer = await kb.call("GET", "/Debitorer?limit=2&page=2");
  expect(answer).toMatchObject({ status: 200, ended: "complete" });
  expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  const list: Record<string, string>[] = JSON.parse(answer.body);
  expect(list.map((row) => row.Navn)).toEqual(rows.map((row) => row.Navn));
  expect(Object.keys(list[0] ?? {}).filter((name) => /version|etag|modif|dato/i.test(name))).toEqual([]);
  expect(Object.keys(answer.headers)).not.toContain("etag");
  expect(await kb.json("GET", "/Kreditorer")).toEqual([]);
});

test("GET of an id: one object; an unknown one is 404 in Danish words", async () => {
  const kb = await startRaw({ rows: two });
  expect(await kb.json("GET", "/Debitorer/2")).toMatchObject({ Kontonr: "2", Navn: "Ærø K/S" });
  const answer = await kb.call("GET", "/Debitorer/3");
  expect(answer).toMatchObject({ status: 404, body: "Kontonr 3 findes ikke i Debitorer" });
  expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
});

test("PUT is partial: what is left out stays, what is sent empty is emptied, the answer is the stored object", async () => {
  const kb = await startRaw({ rows: two });
  const answer = await kb.call("PUT", "/Debitorer/1", { Adr1: "Østergade 7", Telefon: "" });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ Navn: "Kaas ApS", Adr1: "Østergade 7", Telefon: "" });
  expect(await kb.json("GET", "/Debitorer/1")).toEqual(JSON.parse(answer.body));
});

test("PUT ignores the id in the body, an unknown field and an unknown id's body", async () => {
  const kb = await startRaw({ rows: two });
  const answer = await kb.json("PUT", "/Debitorer/1", { Kontonr: "2", Navn: "Ny", Findesikke: "x" });
  expect(answer).toMatchObject({ Kontonr: "1", Navn: "Ny" });
  expect(answer).not.toHaveProperty("Findesikke");
  expect(kb.control.row("Debitorer", "2")?.Navn).toBe("Ærø K/S");
  expect((await kb.call("PUT", "/Debitorer/3", { Navn: "Ny" })).status).toBe(404);
  expect(kb.control.rows("Debitorer")).toHaveLength(2);
});

test("PUT changes nothing when any field is refused: too long, required and empty, or no JSON", async () => {
  const kb = await startRaw({ rows: two, tables: { Debitorer: { max: { Navn: 10 }, unknownFields: "refuse" } } });
  const before = kb.control.row("Debitorer", "1");
  const refusals: [body: unknown, words: string][] = [
    [{ Att: "x", Navn: "Elleve tegn" }, "Navn må højst fylde 10 tegn"],
    [{ Att: "x", Navn: " " }, "Navn skal udfyldes"],
    [{ Att: "x", Findesikke: "y" }, "Feltet Findesikke findes ikke i Debitorer"],
    ['{"Att":"x"', "Ugyldig JSON"],
    [[{ Att: "x" }], "Et objekt blev ventet"],
  ];
  for (const [body, words] of refusals) {
    expect(await kb.call("PUT", "/Debitorer/1", body)).toMatchObject({ status: 400, body: words });
  }
  expect(kb.control.row("Debitorer", "1")).toEqual(before);
  expect(kb.log.writes("Debitorer")).toEqual([]);
});

test("POST where the ledger numbers: an id in body or address is ignored, the answer carries the number", async () => {
  const kb = await startRaw({ rows: two });
  expect(await kb.json("POST", "/Debitorer", { Kontonr: "77", Navn: "Ny" })).toMatchObject({ Kontonr: "06010001" });
  expect(await kb.json("POST", "/Debitorer/77", { Navn: "Ny" })).toMatchObject({ Kontonr: "06010002" });
  expect(kb.control.row("Debitorer", "77")).toBeUndefined();
});

test("POST where the caller numbers: the number is used, must be there, and is refused when taken", async () => {
  const kb = await startRaw({ rows: two, tables: { Debitorer: { numbers: "caller" } } });
  expect(await kb.json("POST", "/Debitorer", { Kontonr: "0077", Navn: "Ny" })).toMatchObject({ Kontonr: "0077" });
  const missing = await kb.call("POST", "/Debitorer", { Navn: "Ny" });
  expect(missing).toMatchObject({ status: 400, body: "Kontonr skal angives" });
  const taken = await kb.call("POST", "/Debitorer", { Kontonr: "1", Navn: "Ny" });
  expect(taken).toMatchObject({ status: 409, body: "Kontonr 1 findes allerede i Debitorer" });
});

test("POST twice makes two: there is no idempotency", async () => {
  const kb = await startRaw();
  const body = { Navn: "Kaas ApS", SE_Nr: "13748136" };
  const first = await kb.json("POST", "/Debitorer", body);
  expect(await kb.json("POST", "/Debitorer", body)).toEqual({ ...first, Kontonr: "06010002" });
});

test("DELETE removes, or is refused because the object is in use", async () => {
  const kb = await startRaw({ rows: two });
  kb.control.put("Debitorer", "1", { Saldo: "12.50" });
  kb.control.setInUse("Debitorer", "2", true);
  const saldo = await kb.call("DELETE", "/Debitorer/1");
  expect(saldo).toMatchObject({ status: 409, body: "Kontonr 1 kan ikke slettes: i brug: der er en saldo" });
  expect(await kb.call("DELETE", "/Debitorer/2")).toMatchObject({
    status: 409,
    body: "Kontonr 2 kan ikke slettes: i brug",
  });
  kb.control.setInUse("Debitorer", "2", false);
  expect(await kb.call("DELETE", "/Debitorer/2")).toMatchObject({ status: 200 });
  expect((await kb.call("GET", "/Debitorer/2")).status).toBe(404);
  expect(kb.control.rows("Debitorer").map((row) => row.Kontonr)).toEqual(["1"]);
});

test("PATCH does not exist", async () => {
  const kb = await startRaw({ rows: two });
  expect(await kb.call("PATCH", "/Debitorer/1", { Navn: "x" })).toMatchObject({
    status: 405,
    body: "PATCH findes ikke",
  });
  expect(kb.control.row("Debitorer", "1")?.Navn).toBe("Kaas ApS");
});

test("write enablement: the base lists the functions that are on, with their verbs", async () => {
  const kb = await startRaw({ tables: { Kreditorer: { verbs: ["get"] }, KundeEmner: { verbs: [] } } });
  const all = { get: true, put: true, post: true, delete: true };
  const readOnly = { get: true, put: false, post: false, delete: false };
  expect(await kb.json("GET", "")).toEqual({ Debitorer: all, Kreditorer: readOnly, Kontaktpersoner: all });
  expect(await kb.call("GET", "/KundeEmner")).toMatchObject({ status: 404, body: "Funktionen KundeEmner findes ikke" });
});

test.each([403, 405] as const)("write enablement: a verb that is off answers %i in words", async (offStatus) => {
  const kb = await startRaw({ offStatus, rows: two, tables: { Debitorer: { verbs: ["get", "put"] } } });
  const answer = await kb.call("POST", "/Debitorer", { Navn: "Ny" });
  expect(answer).toMatchObject({ status: offStatus, body: "POST er ikke aktiveret for Debitorer" });
  expect(answer.headers.allow).toBe("GET, PUT");
  expect(kb.control.rows("Debitorer")).toHaveLength(2);
});

test.each([401, 403] as const)("auth by a fixed token: any other is refused with %i", async (refusal) => {
  const kb = await startRaw({ signIn: { mode: "token", token: TOKEN, refusal }, rows: two });
  expect((await kb.call("GET", "/Debitorer")).status).toBe(200);
  const wrong = await sendRaw(kb.port, requestBytes("PUT", "/firma/API2/forkert/Debitorer/1", '{"Navn":"x"}'));
  expect(wrong).toMatchObject({ status: refusal, body: "Ukendt token" });
  expect(kb.control.row("Debitorer", "1")?.Navn).toBe("Kaas ApS");
});

const login = { mode: "login", user: "kobling", password: "hemmelig" } as const;
const loginBytes = (password: string) =>
  requestBytes("POST", "/firma/API2/Login", JSON.stringify({ user: "kobling", password }));

test("auth by login: user and password give a token that lives so many seconds", async () => {
  let now = 1_800_000_000_000;
  const kb = await startRaw({ signIn: { ...login, seconds: 60 }, now: () => now, rows: two });
  expect(await sendRaw(kb.port, loginBytes("forkert"))).toMatchObject({ status: 401 });
  const given = await sendRaw(kb.port, loginBytes("hemmelig"));
  expect(JSON.parse(given.body)).toEqual({ token: kb.token, expiresIn: 60 });
  now += 59_999;
  expect((await kb.call("GET", "/Debitorer/1")).status).toBe(200);
  now += 1;
  expect(await kb.call("GET", "/Debitorer/1")).toMatchObject({ status: 401, body: "Token er udløbet" });
});

test("auth by login: a token lives so many requests, and a new one may end the old", async () => {
  const kb = await startRaw({ signIn: { ...login, requests: 2, oneAtATime: true, refusal: 403 }, rows: two });
  await sendRaw(kb.port, loginBytes("hemmelig"));
  const first = kb.token;
  expect((await kb.call("GET", "/Debitorer/1")).status).toBe(200);
  expect((await kb.call("GET", "/Debitorer/1")).status).toBe(200);
  expect((await kb.call("GET", "/Debitorer/1")).status).toBe(403);
  await sendRaw(kb.port, loginBytes("hemmelig"));
  const old = await sendRaw(kb.port, requestBytes("GET", `/firma/API2/${first}/Debitorer/1`));
  expect(old).toMatchObject({ status: 403 });
  expect((await kb.call("GET", "/Debitorer/1")).status).toBe(200);
  await kb.steer("DELETE", "/tokens");
  expect((await kb.call("GET", "/Debitorer/1")).status).toBe(403);
});

test("the log knows every request and neither token nor password", async () => {
  const kb = await startRaw({ signIn: login, rows: two });
  await sendRaw(kb.port, loginBytes("hemmelig"));
  await kb.call("PUT", "/Debitorer/1", { Att: "Bogholderi" });
  await kb.call("POST", "/Debitorer", { Navn: "Ny" });
  await kb.call("GET", "/Debitorer/9");
  expect(kb.log.entries().map(({ at: _, n: __, ...entry }) => entry)).toEqual([
    {
      method: "POST",
      function: "Login",
      id: "",
      body: { user: "kobling", password: "***" },
      status: 200,
      applied: false,
    },
    { method: "PUT", function: "Debitorer", id: "1", body: { Att: "Bogholderi" }, status: 200, applied: true },
    { method: "POST", function: "Debitorer", id: "06010001", body: { Navn: "Ny" }, status: 201, applied: true },
    { method: "GET", function: "Debitorer", id: "9", body: null, status: 404, applied: false },
  ]);
  expect(JSON.stringify(kb.log.entries())).not.toContain(kb.token);
  expect(kb.log.counts()).toEqual({ POST: 2, PUT: 1, GET: 1 });
  expect(kb.log.writes("Debitorer", "1").map((entry) => entry.body)).toEqual([{ Att: "Bogholderi" }]);
});

test("an address outside the API, or one that cannot be decoded, is 404", async () => {
  const kb = await startRaw();
  for (const path of ["/", "/firma/API2", "/anden/API2/x/Debitorer", `/firma/API2/${TOKEN}/Debitorer/%ff`]) {
    expect((await sendRaw(kb.port, requestBytes("GET", path))).status).toBe(404);
  }
});
