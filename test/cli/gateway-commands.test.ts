import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import { type Captured, kobling as line } from "../support/command-line.ts";
import { until } from "../support/until.ts";

const bin = fileURLToPath(new URL("../../bin/kobling", import.meta.url));

let folder = "";
let ledger: Simulator;
let gateway: ChildProcess;
let madeKey = "";
let env: Record<string, string> = {};

/** The tests below are one story of a shop's first day, in order. */
const kobling = (...words: string[]): Promise<Captured> => line(words, env);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kobling-cli-gateway-"));
  chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user, who must be able to enter
  ledger = await startKeyBalance({ token: "et-token" });
  ledger.control.create("Debitorer", { Kontonr: "1001", Navn: "Ada ApS", Telefon: "33123456" });
  ledger.control.create("Kreditorer", { Kontonr: "2001", Navn: "Bo A/S" });
  writeFileSync(
    join(folder, "kobling.yaml"),
    `connections:
  erp:
    connector: keybalance
    settings: { baseUrl: "${ledger.baseUrl}", token: "\${KEYBALANCE_TOKEN}" }
    objects:
      debitor: { direction: both, firstMeeting: remote, create: in, poll: 1h }
      kreditor: { direction: in, create: in, poll: 1h }
  regneark:
    connector: import
    objects:
      kundeemne: { direction: in, create: in, firstMeeting: crm }
`,
  );
  gateway = spawn(bin, ["start"], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      KOBLING_HOME: join(folder, "home"),
      KOBLING_CONFIG_DIR: folder,
      KEYBALANCE_TOKEN: "et-token",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let url = "";
  const last: string[] = [];
  for (const stream of [gateway.stdout, gateway.stderr]) {
    if (stream === null) throw new Error("The gateway was started with pipes");
    createInterface(stream).on("line", (text) => {
      last.push(text);
      url = /"url":"([^"]+)"/.exec(text)?.[1] ?? url;
      madeKey = /shown this once: (\S+)/.exec(text)?.[1] ?? madeKey;
    });
  }
  const isUp = () => (url !== "" && madeKey !== "") || gateway.exitCode !== null;
  await until("the gateway listens and has shown its key", isUp, 50_000);
  if (gateway.exitCode !== null) throw new Error(`The gateway ended before it listened: ${last.join("\n")}`);
  env = { KOBLING_URL: url, KOBLING_ADMIN_KEY: madeKey };
}, 60_000);

afterAll(async () => {
  gateway.kill("SIGTERM");
  if (gateway.exitCode === null) await once(gateway, "exit");
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const previewId = (text: string, object: string): string =>
  new RegExp(`preview (\\d+) of erp ${object}: done`).exec(text)?.[1] ?? "";

test("status shows what is armed, and sync --preview what a release would do, writing nothing", async () => {
  expect((await kobling("status")).out).toMatch(/erp +debitor +both +armed/);
  const { code, out } = await kobling("sync", "erp", "--preview");
  expect(code).toBe(0);
  expect(out).toMatch(/1 +Kundeemner or contacts created here/);
  expect(out).toContain(`kobling release erp debitor --preview ${previewId(out, "debitor")}`);
  const status = JSON.parse((await kobling("status", "--json")).out);
  expect(status.connections[0].objects[0]).toMatchObject({ object: "debitor", armed: true, linked: 0 });
});

test("release takes a fresh preview only, and what is released is read", async () => {
  const { out } = await kobling("sync", "erp", "--preview", "--object", "debitor");
  const id = previewId(out, "debitor");
  const wrong = await kobling("release", "erp", "kreditor", "--preview", id);
  expect(wrong).toMatchObject({ code: 1, told: expect.stringMatching(/^Not found: /) });
  expect(await kobling("release", "erp", "debitor", "--preview", "x")).toMatchObject({ code: 1 });
  const done = await kobling("release", "erp", "debitor", "--preview", id);
  expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/released: in and out/) });
  await until("the debitor is linked", async () => /debitor +both +released +1 /.test((await kobling("status")).out));
});

test("a preview is stale once a record that it names has moved", async () => {
  const { out } = await kobling("sync", "erp", "--preview", "--object", "debitor");
  ledger.control.put("Debitorer", "1001", { Telefon: "33888888" });
  await kobling("sync", "erp", "--object", "debitor");
  const stale = await kobling("release", "erp", "debitor", "--preview", previewId(out, "debitor"));
  expect(stale).toMatchObject({ code: 1, told: expect.stringMatching(/kobling sync <connection> --preview/) });
});

test("sync reads now, and says what is not released yet", async () => {
  ledger.control.put("Debitorer", "1001", { Telefon: "33999999" });
  const { code, out, told } = await kobling("sync", "erp", "--object", "debitor");
  expect(code).toBe(0);
  expect(out).toMatch(/1 +changed here/);
  expect(told).toBe("");
  expect((await kobling("sync", "erp")).told).toMatch(/Not released.*kreditor/);
  expect(await kobling("sync", "nix")).toMatchObject({ code: 1, told: expect.stringMatching(/^Not found: /) });
  expect(await kobling("sync", "erp", "--preview", "--full")).toMatchObject({ code: 1 });
});

test("explain says why a field has its value, found by the ledger's own number", async () => {
  const { code, out } = await kobling("explain", "erp/debitor/1001", "telefon");
  expect(code).toBe(0);
  expect(out).toMatch(/^telefon: .*33999999.*erp\/debitor/);
  expect(JSON.parse((await kobling("explain", "erp/debitor/1001", "telefon", "--json")).out)).toHaveProperty("telefon");
  const unknown = await kobling("explain", "erp/debitor/1001", "telefonen");
  expect(unknown).toMatchObject({ code: 1, told: expect.stringMatching(/\/field: There is no field of this name/) });
  const unlinked = await kobling("explain", "erp/debitor/9", "telefon");
  expect(unlinked).toMatchObject({ code: 1, told: expect.stringMatching(/not linked/) });
});

test("S82 convert makes a debitor of a Kundeemne once, says first what is missing, and refuses what cannot be", async () => {
  const made = await fetch(`${env.KOBLING_URL}/v1/kundeemner`, {
    method: "POST",
    headers: { authorization: `Bearer ${env.KOBLING_ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ firmanavn: "Lead ApS", cvrNr: "45123456" }),
  });
  const { meta } = (await made.json()) as { meta: { id: string } };
  const plan = await kobling("convert", meta.id, "debitor", "--connection", "erp", "--dry-run");
  expect(plan.out).toContain("Navn: Lead ApS");
  const done = await kobling("convert", meta.id, "debitor", "--connection", "erp");
  expect(done).toMatchObject({ code: 0 });
  const number = /^debitor (\S+)$/m.exec(done.out)?.[1] ?? "";
  expect(ledger.control.rows("Debitorer").find((row) => row.Kontonr === number)).toMatchObject({ Navn: "Lead ApS" });
  expect((await kobling("convert", `erp/debitor/${number}`, "debitor", "--connection", "erp")).out).toBe(done.out);
  expect(await kobling("convert", meta.id, "banan", "--connection", "erp")).toMatchObject({ code: 1 });
  expect((await kobling("convert", meta.id, "sag", "--connection", "erp")).told).toContain("takes no such document");
  expect((await kobling("convert", meta.id, "debitor")).told).toContain("--connection erp");
  expect((await kobling("convert", meta.id, "sag", "--connection", "erp", "--data", "x")).told).toContain(
    "FIELD=value",
  );
});

test("undo shows what it would do, does it, and the ledger has its old value again", async () => {
  ledger.control.put("Debitorer", "1001", { Telefon: "44556677" });
  const [run] = JSON.parse((await kobling("sync", "erp", "--object", "debitor", "--json")).out);
  const preview = await kobling("undo", String(run.id), "--preview");
  expect(preview).toMatchObject({ code: 0, out: expect.stringMatching(/nothing is written:\n *1 +undone$/) });
  expect(ledger.control.row("Debitorer", "1001")).toMatchObject({ Telefon: "44556677" });
  const done = await kobling("undo", String(run.id));
  expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/is undone by run \d+:\n *1 +undone\n/) });
  await until("the old value is written back", () => ledger.control.row("Debitorer", "1001")?.Telefon === "33999999");
  const nothing = await kobling("undo", String(run.id), "--preview", "--json");
  expect(JSON.parse(nothing.out).left).toMatchObject([{ plan: "changed_since" }]);
  expect(await kobling("undo", "999999")).toMatchObject({ code: 1 });
});

test("what the ledger refuses to spell rightly is in quarantine with its reason, and retry takes it up", async () => {
  ledger.control.create("Debitorer", { Kontonr: "1002", Navn: "Cpr ApS", SE_Nr: "010180-1234" });
  await kobling("sync", "erp", "--object", "debitor");
  const listed = await kobling("quarantine", "list", "--connection", "erp");
  expect(listed.out).toMatch(/erp\/debitor\/1002/);
  expect(listed.out).not.toContain("010180-1234");
  const [change] = JSON.parse((await kobling("quarantine", "list", "--json")).out);
  expect(await kobling("quarantine", "retry", String(change.id))).toMatchObject({ code: 0 });
  expect(await kobling("quarantine", "retry", "999999")).toMatchObject({ code: 1 });
  expect(await kobling("quarantine", "retry", "one")).toMatchObject({ code: 1 });
});

test("a paused connection says so, is not read, and is taken up again", async () => {
  expect((await kobling("pause", "erp", "--why", "month end")).code).toBe(0);
  expect((await kobling("status")).out).toContain("erp is paused: month end.");
  const sync = await kobling("sync", "erp");
  expect(sync).toMatchObject({ code: 1, told: expect.stringMatching(/paused \(month end\).*kobling resume erp/) });
  expect((await kobling("resume", "erp")).out).toBe("Taken up again: erp.");
  expect((await kobling("pause", "--all")).code).toBe(0);
  expect((await kobling("resume", "--all")).out).toBe("Taken up again: erp, regneark.");
  expect((await kobling("resume", "--all")).out).toBe("No connection is paused.");
  expect(await kobling("pause")).toMatchObject({ code: 1, told: expect.stringMatching(/kobling pause --all/) });
  expect(await kobling("pause", "erp", "--all")).toMatchObject({ code: 1 });
  expect(await kobling("pause", "nix")).toMatchObject({ code: 1 });
});

test("review lists what waits, shows its sides, and decides only what may be decided", async () => {
  const edit = await fetch(`${env.KOBLING_URL}/v1/links?connection=erp&object=debitor&externalId=1001`, {
    headers: { authorization: `Bearer ${madeKey}` },
  });
  const { items } = (await edit.json()) as { items: { entityId: string }[] }; // as the API's document says
  // A clash on a group that only a person decides: both sides change the registration before the next reading.
  ledger.control.put("Debitorer", "1001", { SE_Nr: "10150817" });
  const patched = await fetch(`${env.KOBLING_URL}/v1/kundeemner/${items[0]?.entityId}`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${madeKey}`, "content-type": "application/json" },
    body: JSON.stringify({ cvrNr: "25313763" }),
  });
  expect(patched.status).toBe(200);
  await kobling("sync", "erp", "--object", "debitor");
  await until("the clash waits", async () =>
    (await kobling("review", "list", "--kind", "conflict")).out.includes("registration"),
  );
  const [review] = JSON.parse((await kobling("review", "list", "--kind", "conflict", "--json")).out);
  const id = String(review.id);
  expect((await kobling("review", "show", id)).out).toMatch(/10150817/);
  const moved = await kobling("review", "decide", id, "keep_ours", "--revision", "99");
  expect(moved).toMatchObject({ code: 1, told: expect.stringMatching(/kobling review list/) });
  const unknown = await kobling("review", "decide", id, "toss");
  expect(unknown).toMatchObject({ code: 1, told: expect.stringMatching(/take_theirs/) });
  const torn = await kobling("review", "decide", id, "value", "--value", "{");
  expect(torn).toMatchObject({ code: 1, told: expect.stringMatching(/cannot be read as JSON/) });
  const decided = await kobling(
    "review",
    "decide",
    id,
    "keep_ours",
    "--revision",
    String(review.revision),
    "--why",
    "ours",
  );
  expect(decided).toEqual({ code: 0, out: `Review ${id} is decided.`, told: "" });
});

test("review decide-all decides what a filter finds, for a reason, and says what could not be", async () => {
  const answer = await fetch(`${env.KOBLING_URL}/v1/links?connection=erp&object=debitor&externalId=1001`, {
    headers: { authorization: `Bearer ${madeKey}` },
  });
  const { items } = (await answer.json()) as { items: { entityId: string }[] }; // as the API's document says
  ledger.control.put("Debitorer", "1001", { SE_Nr: "12345674" });
  const patched = await fetch(`${env.KOBLING_URL}/v1/kundeemner/${items[0]?.entityId}`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${madeKey}`, "content-type": "application/json" },
    body: JSON.stringify({ cvrNr: "10150817" }),
  });
  expect(patched.status).toBe(200);
  await kobling("sync", "erp", "--object", "debitor");
  const open = ["--kind", "conflict", "--field", "registration", "--record", items[0]?.entityId ?? ""];
  await until("the clash waits", async () => (await kobling("review", "list", ...open)).out.includes("registration"));
  const early = ["--before", "2001-01-01"];
  expect((await kobling("review", "list", ...open, ...early)).out).toBe("Nothing waits for a person.");
  const decide = (...words: string[]) => kobling("review", "decide-all", ...words);
  expect(await decide("keep_ours", ...open)).toMatchObject({ code: 1, told: expect.stringMatching(/--why/) });
  expect(await decide("keep_ours", "--why", "x")).toMatchObject({ code: 1, told: expect.stringMatching(/filter/) });
  const wrong = await decide("archive", ...open, "--why", "x");
  expect(wrong).toMatchObject({ code: 1, told: expect.stringMatching(/take_theirs, keep_ours, value/) });
  expect((await decide("keep_ours", ...open, ...early, "--why", "x")).out).toBe("0 decided.");
  const unclear = await decide("take_theirs", ...open, "--target", "nobody", "--why", "x");
  expect(unclear).toMatchObject({
    code: 1,
    out: expect.stringMatching(/0 decided.[\s\S]*conflict +bad_value/),
    told: expect.stringMatching(/^1 could not be decided/),
  });
  expect(await decide("keep_ours", ...open, "--why", "ours")).toEqual({ code: 0, out: "1 decided.", told: "" });
});

test("merge shows field by field what would stand, merges, and unmerge takes it back", async () => {
  const api = async (path: string, body: unknown) => {
    const url = env.KOBLING_URL ?? "";
    const headers = { authorization: `Bearer ${env.KOBLING_ADMIN_KEY ?? ""}`, "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return (await answer.json()) as { meta: { id: string } };
  };
  const make = async (firmanavn: string, telefon: string | null) =>
    (await api("/v1/kundeemner", { firmanavn, telefon })).meta.id;
  const [a, b] = [await make("Ens ApS", null), await make("Ens A/S", "70101010")];
  const preview = await kobling("merge", a, b, "--preview");
  expect(preview).toMatchObject({ code: 0, out: expect.stringMatching(/firmanavn +Ens ApS +Ens A\/S +survivor/) });
  expect(preview.out).toMatch(/telefon +70101010 +other +R28:only_one[\s\S]*Nothing is written/);
  const done = await kobling("merge", a, b, "--take", "firmanavn");
  expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/kobling unmerge (\d+)$/) });
  const id = /unmerge (\d+)$/.exec(done.out)?.[1] ?? "";
  expect(await kobling("merge", a, b)).toMatchObject({ code: 0, out: `They are merged already, by merge ${id}.` });
  expect(await kobling("unmerge", id)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/As before: firmanavn, telefon/),
  });
  expect(await kobling("unmerge", id)).toMatchObject({ code: 0, out: `Merge ${id} was taken back before.` });
  const wrong = await kobling("merge", a, b, "--take", "kontonummer");
  expect(wrong).toMatchObject({ code: 1, told: expect.stringMatching(/kontonummer/) });
});

test("pin fixes a field of a record for a reason, and unpin lets it go", async () => {
  const answer = await fetch(`${env.KOBLING_URL}/v1/links?connection=erp&object=debitor&externalId=1001`, {
    headers: { authorization: `Bearer ${madeKey}` },
  });
  const { items } = (await answer.json()) as { items: { entityId: string }[] }; // as the API's document says
  const id = items[0]?.entityId ?? "";
  const pinned = await kobling("pin", id, "telefon", "--why", "ringet op", "--until", "2099-12-31");
  expect(pinned).toMatchObject({ code: 0, out: expect.stringMatching(/telefon is pinned.*kobling unpin/) });
  expect((await kobling("explain", "erp/debitor/1001", "telefon", "--json")).out).toMatch(/"pinned": true/);
  expect(await kobling("unpin", id, "telefon")).toMatchObject({ code: 0, out: "telefon is no longer pinned." });
  expect(await kobling("unpin", id, "telefon")).toMatchObject({ code: 1, told: expect.stringMatching(/^Not found: /) });
  expect(await kobling("pin", id, "telefon")).toMatchObject({ code: 1, told: expect.stringMatching(/--why/) });
  const soon = await kobling("pin", id, "telefon", "--why", "x", "--until", "soon");
  expect(soon).toMatchObject({ code: 1, told: expect.stringMatching(/--until cannot be read/) });
  const past = await kobling("pin", id, "telefon", "--why", "x", "--until", "2001-01-01");
  expect(past).toMatchObject({ code: 1, told: expect.stringMatching(/must lie ahead/) });
  const unknown = await kobling("pin", id, "telefonen", "--why", "x");
  expect(unknown).toMatchObject({ code: 1, told: expect.stringMatching(/There is no field of this name/) });
});

test("keys are made, shown once, listed without themselves, and revoked", async () => {
  const made = await kobling("keys", "add", "Ada", "--scopes", "read,connection:erp", "--expires", "90d");
  expect(made.code).toBe(0);
  const key = made.out;
  expect((await line(["status"], { ...env, KOBLING_ADMIN_KEY: key })).code).toBe(0);
  const listed = await kobling("keys", "list");
  expect(listed.out).toMatch(/Ada +read,connection:erp +until /);
  expect(listed.out).not.toContain(key);
  const id = JSON.parse((await kobling("keys", "list", "--json")).out).find(
    (each: { label: string }) => each.label === "Ada",
  ).id;
  expect((await kobling("keys", "revoke", id)).code).toBe(0);
  const refused = await line(["status"], { ...env, KOBLING_ADMIN_KEY: key });
  expect(refused).toMatchObject({ code: 1, told: expect.stringMatching(/^Not signed in: .*KOBLING_ADMIN_KEY/) });
  const scopes = await kobling("keys", "add", "Bo", "--scopes", "everything");
  expect(scopes).toMatchObject({ code: 1, told: expect.stringMatching(/\/scopes\/0: .*connection:<name>/) });
  expect(await kobling("keys", "add", "Bo", "--scopes", "read", "--expires", "soon")).toMatchObject({ code: 1 });
  expect(await kobling("keys", "revoke", "nix")).toMatchObject({ code: 1 });
});

test("without a key, without a gateway, and before a stranger it says what to do", async () => {
  expect(await line(["status"], { KOBLING_URL: env.KOBLING_URL })).toMatchObject({
    code: 1,
    told: expect.stringMatching(/KOBLING_ADMIN_KEY/),
  });
  expect((await kobling("status", "--url", "http://127.0.0.1:1")).told).toMatch(
    /^No gateway answers at .*kobling start/,
  );
  expect((await kobling("status", "--url", ledger.baseUrl)).told).toMatch(/not as a Kobling gateway does/);
  expect((await kobling("status", "--url", "ftp://x")).told).toMatch(/http:\/\/localhost:8080/);
});

test("S3 import shows a file and tries it, writes nothing without --apply, and tells the rows that cannot be taken", async () => {
  const list = join(folder, "kunder.csv");
  const errors = join(folder, "fejl.csv");
  writeFileSync(list, "Kunder\r\nNr,Navn,CVR,Dato\r\n1,Ida ApS,12345674,04/13/2026\r\n2,Ole ApS,12345678,x\r\n");
  const options = ["--heading-row", "2", "--map", "Nr=kontonummer, Dato=leadkildeDato", "--dates", "en"];
  const shown = await kobling("import", list, ...options);
  expect(shown).toMatchObject({ code: 0, told: expect.stringContaining("--apply") });
  expect(shown.out).toMatch(/Nr +kontonummer +1 · 2/);
  expect(shown.out).toContain("become new Kundeemner");
  expect((await kobling("import", list, "--heading-row", "2", "--key-column", "Nr", "--map", "Nr=")).code).toBe(0);

  const taken = await kobling("import", list, ...options, "--apply", "--errors", errors);
  expect(taken.out).toContain("line 4: CVR: The check digit of the CVR number is wrong.");
  expect(taken.told).toMatch(/Undo it with: kobling undo \d+/);
  expect(readFileSync(errors, "utf8")).toContain("2,Ole ApS,12345678,x,4,");
  expect(await kobling("import", list, ...options, "--apply")).toMatchObject({
    code: 1,
    told: expect.stringContaining("has imported the same content"),
  });
  expect((await kobling("import", join(folder, "none.csv"))).told).toContain("There is no file");
});
