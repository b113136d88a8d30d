import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { startKeyBalance } from "../../simulators/keybalance/server.ts";
import { kobling } from "../support/command-line.ts";

const run = promisify(execFile);
const bin = fileURLToPath(new URL("../../bin/kobling", import.meta.url));

let folder = "";
let env: Record<string, string> = {};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kobling-cli-"));
  env = { KOBLING_CONFIG_DIR: folder, KEYBALANCE_TOKEN: "et-token", CRM_TOKEN: "et-andet" };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const configure = (yaml: string) => writeFileSync(join(folder, "kobling.yaml"), yaml);

test("init writes a configuration that check takes, and names a schema that editors find", async () => {
  expect((await kobling(["init"], env)).code).toBe(0);
  const text = readFileSync(join(folder, "kobling.yaml"), "utf8");
  const schema = /\$schema=(\S+)/.exec(text)?.[1] ?? "";
  expect(JSON.parse(readFileSync(resolve(folder, schema), "utf8"))).toMatchObject({ type: "object" });
  expect(await kobling(["check"], env)).toMatchObject({ code: 0, out: "No faults: 2 connections, 3 objects." });
});

test("what init comments out is a configuration too", async () => {
  await kobling(["init"], env);
  const text = readFileSync(join(folder, "kobling.yaml"), "utf8");
  configure(text.replaceAll(/^ {2}# ( *(crm|connector|settings|side|objects|kundeemne|kontaktperson):)/gm, "  $1"));
  expect(await kobling(["check"], env)).toMatchObject({ code: 0, out: "No faults: 3 connections, 5 objects." });
});

test("init leaves a configuration that is there as it is", async () => {
  configure("connections: {}\n");
  const refused = await kobling(["init"], env);
  expect(refused).toMatchObject({ code: 1, out: "", told: expect.stringMatching(/exists already.*kobling check/) });
  expect(readFileSync(join(folder, "kobling.yaml"), "utf8")).toBe("connections: {}\n");
});

test("check tells every fault of all files at once, each with file, line and way out", async () => {
  configure(`connections:
  erp:
    connector: keybalance
    settings: { baseUrl: "https://erp.dk", token: "\${MISSING_TOKEN}" }
    objects:
      debitor: { direction: sideways }
      faktura: { direction: in }
survivorship: { fax: { rule: manual } }
updatePolicy: { navnet: frozen }
`);
  mkdirSync(join(folder, "mappings"));
  writeFileSync(
    join(folder, "mappings", "erp.kreditor.yaml"),
    "object: kreditor\nremote: K\nas: kundeemne\nkey: Nr\nfields:\n  - { field: firmanavn, remot: Navn }\n",
  );
  const { code, out, told } = await kobling(["check"], env);
  expect(code).toBe(1);
  const file = join(folder, "kobling.yaml");
  const places = out.split("\n").map((line) => line.replace(`${folder}/`, "").split(" ")[0]);
  expect(places).toEqual([
    "kobling.yaml:4:51",
    "kobling.yaml:6:29",
    "mappings/erp.kreditor.yaml:6:5",
    "mappings/erp.kreditor.yaml:6:25",
    "kobling.yaml:7:7",
    "warning:",
  ]);
  expect(out).toContain(`${file}:7:7 connections.erp.objects.faktura: The connector keybalance has no mapping`);
  expect(told).toBe("The configuration has 5 faults and 1 warning.");
});

test("check tells fields that the catalogue does not have, in survivorship and update policy", async () => {
  configure("connections: {}\nsurvivorship: { navnet: { rule: manual } }\nupdatePolicy: { telefonen: frozen }\n");
  const { code, out } = await kobling(["check"], env);
  expect(code).toBe(1);
  expect(out).toMatch(/:2:17 survivorship\.navnet: There is no such field or group/);
  expect(out).toMatch(/:3:17 updatePolicy\.telefonen: There is no such field or group/);
});

test("R3 check warns of most_recent where no remote states a time, and only there", async () => {
  const survivorship = "survivorship: { telefon: { rule: most_recent, then: manual } }\n";
  const erp = `erp: { connector: keybalance, settings: { baseUrl: "https://erp.dk", token: "\${KEYBALANCE_TOKEN}" }`;
  configure(`connections: { ${erp}, objects: { debitor: {} } } }\n${survivorship}`);
  const warned = await kobling(["check"], env);
  expect(warned).toMatchObject({ code: 0, out: expect.stringMatching(/warning: .*:2:17 survivorship\.telefon:.*R3/) });
  configure(`connections: { shop: { connector: api, objects: { debitor: {} } } }\n${survivorship}`);
  expect((await kobling(["check"], env)).out).toBe("No faults: 1 connection, 1 object.");
});

test("a fault of a mapping that compiles not is told at its line, and a mapping nobody uses is warned of", async () => {
  configure("connections: { shop: { connector: api, objects: { debitor: {} } } }\n");
  mkdirSync(join(folder, "mappings"));
  const head = "object: debitor\nremote: d\nas: kundeemne\nkey: id\nfields:\n";
  writeFileSync(
    join(folder, "mappings", "shop.debitor.yaml"),
    `${head}  - { field: firmanavn, remote: a }\n  - { field: navnet, remote: b }\n`,
  );
  writeFileSync(join(folder, "mappings", "shp.debitor.yaml"), `${head}  - { field: firmanavn, remote: a }\n`);
  const { code, out } = await kobling(["check"], env);
  expect(code).toBe(1);
  expect(out).toMatch(/shop\.debitor\.yaml:7:5 .*navnet/);
  expect(out).toMatch(/warning: .*shp\.debitor\.yaml:1:1 No connection uses this mapping/);
});

test("check --live signs in at each connection, and tells who does not let us in", async () => {
  const ledger = await startKeyBalance({ token: "et-token" });
  onTestFinished(() => ledger.close());
  ledger.control.create("Debitorer", { Kontonr: "1001", Navn: "Ada ApS" });
  configure(`connections:
  erp: { connector: keybalance, settings: { baseUrl: "${ledger.baseUrl}", token: "\${KEYBALANCE_TOKEN}" }, objects: { debitor: {} } }
  shop: { connector: api, objects: { debitor: {} } }
`);
  const good = await kobling(["check", "--live"], env);
  expect(good.code).toBe(0);
  expect(good.out).toContain("erp: signed in, read debitor 1001.");
  expect(good.out).toContain("shop: pushes and pulls by itself");
  const bad = await kobling(["check", "--live"], { ...env, KEYBALANCE_TOKEN: "et-forkert" });
  expect(bad).toMatchObject({ code: 1, told: "Not in order: erp." });
  expect(`${bad.out}${bad.told}`).not.toContain("et-forkert");
});

test.each([
  [["stat"], "Unknown command stat. See `kobling --help`."],
  [["keys"], "No command specified. See `kobling keys --help`."],
  [["check", "--lives"], "There is no option --lives here. See `kobling check --help`."],
  [["check", "now"], '"now" is one word too many. See `kobling check --help`.'],
  [["release", "erp"], "Missing required positional argument: OBJECT. See `kobling release --help`."],
  [["release", "erp", "debitor", "--preview"], "--preview needs a value. See `kobling release --help`."],
])("a typing error is told with the way to the help: %j", async (words, told) => {
  expect(await kobling(words, env)).toEqual({ code: 1, out: "", told });
});

test("help of a command names its arguments and options, without colours in a pipe", async () => {
  const { code, out } = await kobling(["keys", "add", "--help"], env);
  expect(code).toBe(0);
  expect(out).toContain("USAGE kobling keys add [OPTIONS] <LABEL> --scopes=<scopes>");
});

test("bin/kobling works through a link and from any folder", async () => {
  const link = join(folder, "kobling");
  symlinkSync(bin, link);
  const { stdout } = await run(link, ["init"], { cwd: folder, env: { PATH: process.env.PATH } });
  expect(stdout).toContain(`Wrote ${join(folder, "config", "kobling.yaml")}`);
});

test("a start without a configuration says how to make one", async () => {
  const start = run(bin, ["start"], { cwd: folder, env: { PATH: process.env.PATH } });
  await expect(start).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/kobling init/) });
});
