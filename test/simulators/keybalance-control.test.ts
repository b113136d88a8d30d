import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { startRaw } from "../support/keybalance-raw.ts";
import { requestBytes, sendRaw } from "../support/raw-http.ts";

const emne = { Kontonr: "100", Navn: "Kaas ApS" };
const people = [{ Id: "1", EmneNr: "100", Navn: "Åse Ødum" }];
const rows = { KundeEmner: [emne, { Kontonr: "200", Navn: "Ærø K/S" }], Kontaktpersoner: people };

test("a renumbered object is 404 under its old number and keeps all else, its people follow", async () => {
  const kb = await startRaw({ rows });
  kb.control.renumber("KundeEmner", "100", "300");
  expect((await kb.call("GET", "/KundeEmner/100")).status).toBe(404);
  expect(await kb.json("GET", "/KundeEmner/300")).toMatchObject({ Kontonr: "300", Navn: "Kaas ApS" });
  expect(await kb.json("GET", "/Kontaktpersoner/1")).toMatchObject({ EmneNr: "300" });
});

test("where the installation tells, an old number answers 301 and names the new one, also to a write", async () => {
  const kb = await startRaw({ rows, renumbered: "told" });
  kb.control.renumber("KundeEmner", "100", "300");
  for (const [method, body] of [["GET"], ["PUT", { Att: "x" }], ["DELETE"]] as const) {
    const answer = await kb.call(method, "/KundeEmner/100", body);
    expect(answer).toMatchObject({ status: 301, headers: { location: "300" } });
    expect(JSON.parse(answer.body)).toEqual({ Kontonr: "300", TidligereNr: "100" });
  }
  expect(kb.control.row("KundeEmner", "300")?.Att).toBe("");
});

test("a merged object is gone under its number; balance and people are the other's", async () => {
  const debitorer = [
    { Kontonr: "1", Navn: "A", Saldo: "10.50" },
    { Kontonr: "2", Navn: "B", Saldo: "-3.25" },
  ];
  const kb = await startRaw({ rows: { ...rows, Debitorer: debitorer }, renumbered: "told" });
  kb.control.mergeInto("Debitorer", "1", "2");
  kb.control.mergeInto("KundeEmner", "100", "200");
  expect(kb.control.rows("Debitorer")).toMatchObject([{ Kontonr: "2", Navn: "B", Saldo: "7.25" }]);
  expect(await kb.call("GET", "/Debitorer/1")).toMatchObject({ status: 301, headers: { location: "2" } });
  expect(kb.control.row("Kontaktpersoner", "1")?.EmneNr).toBe("200");
});

test("a person's edits are shown at once and stand in no log", async () => {
  const kb = await startRaw({ rows });
  kb.control.put("KundeEmner", "100", { Telefon: "33121314" });
  kb.control.create("KundeEmner", { Navn: "Ny ApS" });
  kb.control.remove("KundeEmner", "200");
  expect(await kb.json("GET", "/KundeEmner")).toMatchObject([{ Telefon: "33121314" }, { Kontonr: "06010001" }]);
  expect(kb.log.entries()).toHaveLength(1);
  expect(() => kb.control.put("KundeEmner", "200", {})).toThrow("KundeEmner has no 200");
  expect(() => kb.control.rows("Ordrer")).toThrow("No table Ordrer");
});

test("the control's port does what the control does", async () => {
  const kb = await startRaw({ rows, renumbered: "told" });
  expect(await kb.steer("PUT", "/rows/KundeEmner/100", { Att: "Indkøb" })).toMatchObject({ Att: "Indkøb" });
  expect(await kb.steer("POST", "/rows/KundeEmner", [{ Navn: "X" }, { Kontonr: "9", Navn: "Y" }])).toMatchObject([
    { Kontonr: "06010001" },
    { Kontonr: "9", Navn: "Y" },
  ]);
  await kb.steer("DELETE", "/rows/KundeEmner/9");
  await kb.steer("POST", "/renumber", { table: "KundeEmner", from: "200", to: "201" });
  await kb.steer("POST", "/merge", { table: "KundeEmner", from: "06010001", into: "201" });
  expect((await kb.steer<{ Kontonr: string }[]>("GET", "/rows/KundeEmner")).map((row) => row.Kontonr)).toEqual([
    "100",
    "201",
  ]);
  await kb.steer("PUT", "/settings/KundeEmner", { verbs: ["get"] });
  expect((await kb.call("PUT", "/KundeEmner/100", { Att: "" })).status).toBe(405);
  await kb.steer("POST", "/in-use", { table: "Kontaktpersoner", id: "1", inUse: true });
  expect((await kb.call("DELETE", "/Kontaktpersoner/1")).status).toBe(409);
  expect(await kb.steer("POST", "/faults", { fault: { kind: "status", status: 500 }, times: 1 })).toEqual({ id: 1 });
  expect(await kb.steer("GET", "/faults")).toMatchObject([{ id: 1, struck: 0 }]);
  expect((await kb.call("GET", "/KundeEmner")).status).toBe(500);
  expect(await kb.steer("POST", "/faults", { fault: { kind: "earthquake" } })).toHaveProperty("error");
});

test("the log is read from a number on, by function and method, and forgets all but its limit", async () => {
  const kb = await startRaw({ rows, logLimit: 3 });
  for (const id of ["100", "200", "300"]) await kb.call("GET", `/KundeEmner/${id}`);
  await kb.call("PUT", "/KundeEmner/100", { Att: "x" });
  const since = await kb.steer<{ n: number }[]>("GET", "/log?since=2");
  expect(since.map((entry) => entry.n)).toEqual([3, 4]);
  expect(await kb.steer("GET", "/log?method=PUT&function=KundeEmner")).toMatchObject([{ n: 4, body: { Att: "x" } }]);
  expect(await kb.steer("GET", "/writes/KundeEmner/100")).toMatchObject([{ n: 4 }]);
  for (let at = 0; at < 5; at += 1) await kb.call("GET", "/KundeEmner/100");
  expect(kb.log.entries().map((entry) => entry.n)).toEqual([7, 8, 9]);
  expect(await kb.steer("GET", "/counts")).toEqual({ GET: 8, PUT: 1 });
  await kb.steer("DELETE", "/log");
  expect(await kb.steer("GET", "/log")).toEqual([]);
});

test("in a process of its own it says where it listens, holds its rows, and ends on SIGTERM", async () => {
  const command = ["simulators/keybalance/main.ts", "--seed", "7", "--debitorer", "30", "--kreditorer", "10"];
  const child = spawn(process.execPath, [...command, "--token", "t", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(createInterface(child.stdout), "line");
  const told = JSON.parse(line);
  const origin = `http://127.0.0.1:${told.port}`;
  expect(told).toEqual({ port: told.port, baseUrl: `${origin}/firma/API2`, controlUrl: `${origin}/_control` });
  const list = await sendRaw(told.port, requestBytes("GET", "/firma/API2/t/Debitorer"));
  expect(JSON.parse(list.body)).toHaveLength(30);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
