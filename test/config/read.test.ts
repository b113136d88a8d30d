import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { formatFault } from "../../src/config/faults.ts";
import { publishedSchemas } from "../../src/config/json-schema.ts";
import { type ReadOptions, readConfig } from "../../src/config/read.ts";
import { readSettings } from "../../src/config/settings.ts";
import { loadConfiguration } from "../../src/config.ts";
import { connectors as shipped } from "../../src/connectors/index.ts";
import { redactor } from "../../src/lib/secrets.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kobling-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const connectors = {
  keybalance: {
    settings: z.strictObject({ baseUrl: z.url(), token: z.string().min(1) }),
    limits: { requests: 10, per: "1s" },
    quietMs: 20_000,
  },
};
const env = { KEYBALANCE_TOKEN: "erp-hemmelighed", CRM_TOKEN: "crm-hemmelighed" };

function read(yaml: string, options: Partial<ReadOptions> = {}) {
  writeFileSync(join(folder, "kobling.yaml"), yaml);
  return readConfig({ folder, env, redactor: redactor(), connectors, ...options });
}

const told = (result: ReturnType<typeof readConfig>) =>
  result.faults.map((fault) => `${fault.line}:${fault.column} ${fault.path} ${fault.rule} ${fault.wayOut}`);

const example = `connections:
  erp:
    connector: keybalance
    settings: { baseUrl: "https://erp.example.dk/firma/API2", token: "\${KEYBALANCE_TOKEN}" }
    limits: { requests: 20, per: 1s }
    objects:
      debitor: { direction: both, firstMeeting: remote, create: in, poll: 30s }
      kreditor: { direction: both, firstMeeting: remote, create: in, poll: 30s }
  crm:
    connector: keybalance
    settings: { baseUrl: "https://crm.example.dk/firma/API2", token: "\${CRM_TOKEN}" }
    side: crm
    objects: { kundeemne: { direction: both, firstMeeting: crm, create: both }, kontaktperson: { direction: both } }
survivorship: { telefon: { rule: most_recent, then: manual }, registration: { rule: manual } }
guards: { deletes: { max: 25, percent: 2 }, clears: { max: 50, percent: 5 }, overwrites: { max: 500, percent: 20 }, creates: { max: 5000 } }
`;

test("the example of the documentation is read, with times in ms, secrets in place and sides settled", () => {
  const { config, faults, warnings } = read(example);
  expect([faults, warnings]).toEqual([[], []]);
  const erp = config?.connections.erp;
  expect(erp).toMatchObject({
    name: "erp",
    side: "ledger",
    quietMs: 20_000,
    limits: { requests: 20, perMs: 1000 },
    settings: { token: "erp-hemmelighed" },
  });
  expect(erp?.objects.debitor).toMatchObject({
    direction: "both",
    create: "in",
    pollMs: 30_000,
    side: "ledger",
    onRemoteEdit: "leave",
  });
  expect(config?.connections.crm?.limits).toEqual({ requests: 10, perMs: 1000 });
  expect(config?.connections.crm?.objects.kontaktperson).toMatchObject({
    side: "crm",
    create: "none",
    firstMeeting: "ask",
  });
  expect(config?.survivorship.telefon).toEqual({ rule: "most_recent", then: "manual" });
  expect(config?.guards.creates).toEqual({ max: 5000, percent: undefined, atLeast: 20 });
  expect(config?.pingPong).toEqual({ swings: 3, withinMs: 86_400_000 });
});

test("what is not said has a default, and objects are off", () => {
  const { config } = read("connections: { a: { connector: x, objects: { kundeemne: {} } } }", {
    connectors: undefined as never,
  });
  expect(config?.connections.a?.objects.kundeemne).toMatchObject({ direction: "off", side: "crm" });
  expect(config?.connections.a).toMatchObject({ side: "crm", quietMs: 30_000, limits: undefined });
  expect(config?.guards.deletes).toEqual({ max: 25, percent: 2, atLeast: 5 });
  expect(config?.retention.inboxMs).toBe(30 * 86_400_000);
});

test("all faults are told at once, each with its line, its rule and a way out", () => {
  const faulty = `connections:
  erp:
    connector: keybalnce
    objects:
      debitor: { direktion: both, poll: 30 sek, create: inn }
  crm:
    connector: keybalance
    settings: { baseUrl: nonsense, token: "\${NOT_SET}" }
    limits: { requests: 0, per: 1s }
survivorship: { telefon: { rule: owner }, adresse: { rule: source_priority, order: [nobody] } }
guards: { deletes: { max: many } }
`;
  expect(told(read(faulty))).toEqual([
    "3:16 connections.erp.connector There is no such connector. Write one of: keybalance.",
    "5:18 connections.erp.objects.debitor.direktion There is no such setting. Did you mean direction?",
    expect.stringMatching(
      /^5:\d+ connections.erp.objects.debitor.poll This must be a duration. Write a number and a unit/,
    ),
    "5:57 connections.erp.objects.debitor.create The value is not one of those allowed. Write one of: in, out, both, none.",
    expect.stringMatching(/^8:\d+ connections.crm.settings.baseUrl /),
    expect.stringMatching(
      /^8:\d+ connections.crm.settings.token The environment variable NOT_SET is not set. Set NOT_SET/,
    ),
    expect.stringMatching(/^9:\d+ connections.crm.limits.requests This must be at least 1. /),
    expect.stringMatching(/^10:\d+ survivorship.telefon.owner The rule owner needs to know whom. Add owner: crm/),
    expect.stringMatching(
      /^11:\d+ guards.deletes.max This must be a whole number|^11:\d+ guards.deletes.max This must be a number/,
    ),
  ]);
});

test("sources and fields that are not there are told once the file has its form", () => {
  const faulty = `connections: {}
survivorship:
  telefon: { rule: source_priority, order: [crm, nobody] }
  telfon: { rule: manual }
updatePolicy: { "*": propose, nofield: frozen }
`;
  expect(told(read(faulty, { knownFields: new Set(["telefon"]) }))).toEqual([
    "3:50 survivorship.telefon.order[1] There is no such side or connection. Write one of: crm, ledger, directory, audience.",
    expect.stringMatching(/^4:3 survivorship.telfon There is no such field or group\./),
    expect.stringMatching(/^5:\d+ updatePolicy.nofield There is no such field or group\./),
  ]);
});

test("R1 only one connection may be the CRM of an object", () => {
  const two = `connections:
  a: { connector: x, objects: { kundeemne: { direction: both } } }
  b: { connector: x, objects: { kundeemne: { direction: in } } }
`;
  const { faults } = read(two, { connectors: undefined as never });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatchObject({ line: 3, path: "connections.b.objects.kundeemne" });
});

test("the stricter of the installation's and the connection's update policy is in force", () => {
  const yaml = `connections: { a: { connector: x, updatePolicy: { telefon: auto, email: frozen } } }
updatePolicy: { telefon: propose, "*": if_empty }`;
  const { config } = read(yaml, { connectors: undefined as never });
  expect(config?.connections.a?.updatePolicy).toEqual({ telefon: "propose", email: "frozen", "*": "if_empty" });
});

test("a secret may stand in a file, is masked from then on, and one in the clear is warned of and masked too", () => {
  writeFileSync(join(folder, "token"), "fra-en-fil\n");
  const masking = redactor();
  const yaml = `connections:
  a: { connector: keybalance, settings: { baseUrl: "https://a.dk", token: "file:token" } }
  b: { connector: keybalance, settings: { baseUrl: "https://b.dk", token: i-klartekst } }
`;
  const { config, faults, warnings } = read(yaml, { redactor: masking });
  expect(faults).toEqual([]);
  expect(config?.connections.a?.settings).toMatchObject({ token: "fra-en-fil" });
  expect(masking.mask("fra-en-fil i-klartekst")).toBe("[secret] [secret]");
  expect(warnings.map((warning) => `${warning.line} ${warning.path}`)).toEqual(["3 connections.b.settings.token"]);
});

test("no fault quotes a secret", () => {
  const yaml = `connections: { a: { connector: keybalance, settings: { baseUrl: "\${KEYBALANCE_TOKEN}", token: [1] } } }`;
  const { faults } = read(yaml);
  expect(faults).toHaveLength(2);
  expect(faults.map(formatFault).join("\n")).not.toContain("erp-hemmelighed");
});

test("broken YAML and a name given twice are told with their line", () => {
  expect(read("connections:\n  a: {\n").faults[0]).toMatchObject({
    line: expect.any(Number),
    rule: expect.stringMatching(/not valid YAML/),
  });
  expect(read("connections: {}\nguards: {}\nguards: {}\n").faults[0]).toMatchObject({ line: 3 });
});

test("a missing file is a fault that says how to make one", () => {
  const { faults } = readConfig({ folder: join(folder, "nowhere"), env, redactor: redactor() });
  expect(faults[0]?.wayOut).toContain("kobling init");
});

const published = (name: string) => readFileSync(new URL(`../../config/schema/${name}`, import.meta.url), "utf8");

test.each([...publishedSchemas()])("the published %s is up to date (npx node scripts/schemas.ts)", (name, text) => {
  expect(published(name)).toBe(text);
});

test("the published schema of the configuration takes the example and refuses what the program refuses", () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(published("kobling.schema.json")));
  expect(validate(parse(example))).toBe(true);
  expect(validate(parse("connections: { a: { connector: x, direktion: in } }"))).toBe(false);
});

test("the published schema of mappings takes every shipped one, and refuses a misspelled line", () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(published("mapping.schema.json")));
  for (const { mappings } of shipped) {
    for (const mapping of Object.values(mappings)) expect(validate(mapping), mapping.object).toBe(true);
  }
  const line = { field: "firmanavn", remot: "Navn" };
  const misspelled = { object: "debitor", remote: "D", as: "kundeemne", key: "K", fields: [line] };
  expect(validate(misspelled)).toBe(false);
});

test("settings of the environment have defaults, and every fault is told at once", () => {
  const { settings } = readSettings({ PORT: "" }, redactor());
  expect(settings).toMatchObject({
    port: 8080,
    databaseUrl: undefined,
    processes: ["api", "worker", "scheduler"],
    logLevel: "info",
  });
  const faults = readSettings(
    { PORT: "http", DATABASE_URL: "mysql://x", KOBLING_PROCESSES: "api,cook", LOG_LEVEL: "loud" },
    redactor(),
  ).faults;
  expect(faults.map((fault) => fault.path)).toEqual(["PORT", "DATABASE_URL", "KOBLING_PROCESSES", "LOG_LEVEL"]);
  expect(faults.every((fault) => fault.wayOut !== "")).toBe(true);
});

test("passwords of the environment are masked", () => {
  const masking = redactor();
  readSettings(
    { DATABASE_URL: "postgres://u:hemmeligt%21@h/d", KOBLING_ADMIN_KEY: "kob_noget-der-er-langt-nok" },
    masking,
  );
  expect(masking.mask("u:hemmeligt%21@h hemmeligt! kob_noget-der-er-langt-nok")).toBe("u:[secret]@h [secret] [secret]");
});

test("a start with faults throws one error that holds them all", () => {
  writeFileSync(join(folder, "kobling.yaml"), "connections: { a: { connector: 7 } }\nguard: {}\n");
  expect(() => loadConfiguration({ env: { KOBLING_CONFIG_DIR: folder, PORT: "x" } })).toThrow(
    expect.objectContaining({ name: "ConnectionError", code: "bad_configuration", context: { faults: 3 } }),
  );
});

test("a hand-over of documents names its target and its secret; what is off is told with its line", () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const erp = (handOver: string) => `connections:
  erp:
    connector: keybalance
    settings: { baseUrl: "https://erp.example.dk/firma/API2", token: "\${KEYBALANCE_TOKEN}" }
    handOver:
      ordre: ${handOver}
`;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what the operator is to write
  const right = read(erp('{ url: "https://ordrer.example.dk/ind", secret: "${SIGN}", required: [Levering] }'), {
    env: { ...env, SIGN: secret },
  });
  expect([right.faults, right.warnings]).toEqual([[], []]);
  expect(right.config?.connections.erp?.handOver.ordre).toEqual({
    ...{ url: "https://ordrer.example.dk/ind", secret, required: ["Levering"], from: {} },
  });
  expect(told(read(erp(`{ url: "https://x.example", folder: ud, secret: "${secret}" }`)))).toEqual([
    "6:7 connections.erp.handOver.ordre A hand-over goes to a url or into a folder. Write one of the two.",
  ]);
  expect(told(read(erp("{ folder: ud, secret: kort }")))[0]).toContain(
    "A secret is whsec_ and 24 to 64 bytes in base64",
  );
  const literal = read(erp(`{ folder: ud, secret: "${secret}" }`));
  expect(literal.warnings.map(({ path, rule }) => [path, rule])).toEqual([
    ["connections.erp.handOver.ordre.secret", "A secret stands in the file."],
  ]);
});

test("every fault of a connection of files is told with its line and a way out", () => {
  const shippedByName = Object.fromEntries(shipped.map((each) => [each.name, each]));
  const yaml = `connections:
  fil:
    connector: files
    settings:
      folder: ""
      sftp: { host: sftp.example.dk, user: kobling, hostKey: "SHA256:kort" }
      format: { type: fixed, columns: [{ name: A, width: 0 }] }
      encoding: latin1
    objects: { debitor: { direction: both } }
`;
  const faults = told(read(yaml, { connectors: shippedByName }));
  expect(faults.map((fault) => fault.split(" ").slice(0, 2).join(" "))).toEqual([
    "5:15 connections.fil.settings.folder",
    "6:7 connections.fil.settings.sftp",
    "6:62 connections.fil.settings.sftp.hostKey",
    "7:58 connections.fil.settings.format.columns[0].width",
    "8:17 connections.fil.settings.encoding",
  ]);
  const half = yaml
    .replace('folder: ""', "folder: ind")
    .replace("SHA256:kort", `SHA256:${"a".repeat(43)}`)
    .replace("width: 0", "width: 5 }, { name: A, width: 5")
    .replace("latin1", "cp865\n      timeZone: Europe/Odense");
  expect(told(read(half, { connectors: shippedByName }))).toEqual([
    expect.stringContaining("settings.sftp The server must be logged in to. Write password or privateKey."),
    expect.stringContaining("settings.format The column A stands there twice. Give each column a name of its own."),
    expect.stringContaining(
      "settings.timeZone There is no such time zone. Write one of the IANA names: Europe/Copenhagen.",
    ),
  ]);
});

test("a price of a call that a directory does not make, and a budget of money without prices, are told", () => {
  const shippedByName = Object.fromEntries(shipped.map((each) => [each.name, each]));
  const yaml = `connections:
  steder:
    connector: google
    settings: { apiKey: "\${CRM_TOKEN}" }
    objects: { sted: { direction: in } }
    prices: { search: 0.25, opslag: 1 }
  register:
    connector: cvr
    settings: { user: a, password: "\${CRM_TOKEN}" }
    objects: { virksomhed: { direction: in } }
    refresh: { costPerDay: 5 }
`;
  expect(told(read(yaml, { connectors: shippedByName }))).toEqual([
    expect.stringMatching(/^6:\d+ connections.steder.prices.opslag This connector makes no calls .* search, details/),
    expect.stringMatching(/^11:\d+ connections.register.refresh.costPerDay Without prices .*Write prices/),
  ]);
});
