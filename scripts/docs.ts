/** Writes docs/settings.md and docs/mapping-language.md from the schemas that the program itself checks with. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { z } from "zod";
import { commandEnvironmentSchema } from "../src/cli/gateway-client.ts";
import { configSchema } from "../src/config/schema.ts";
import { settingsSchema } from "../src/config/settings.ts";
import { connectors } from "../src/connectors/index.ts";
import { debitorMapping } from "../src/connectors/keybalance/debitor.mapping.ts";
import { codecOfKind, codecs, groupCodecs, REGISTRATION_CODEC } from "../src/mappings/codecs.ts";
import { mappingSchema } from "../src/mappings/mapping-schema.ts";
import { type Catalogue, kontaktpersonCatalogue, kundeemneCatalogue, primaryView } from "../src/model/catalogue.ts";
import type { Survivorship } from "../src/model/field.ts";

const MADE_BY = "<!-- Made by `npm run docs` from the schemas in src/. Change them, not this page. -->";

export const pages: Readonly<Record<string, () => string>> = {
  "settings.md": settingsPage,
  "mapping-language.md": mappingLanguagePage,
};

function settingsPage(): string {
  return page([
    "# Settings",
    MADE_BY,
    "Secrets come from the environment or from files, never from the configuration itself: in `kobling.yaml`, `$" +
      "{NAME}` is an",
    "environment variable anywhere, and `file:PATH` under `settings`, or as a `secret`, a file beside it. Times are a number and a",
    "unit: `500ms`, `30s`, `10m`, `24h`, `7d`, `2w`. `kobling check` tells every fault at once; editors read `config/schema/kobling.schema.json`.",
    "",
    "## Environment",
    table(["variable", "default", "what it is"], environmentRows(settingsSchema)),
    "The commands that steer a running gateway read these too:",
    table(["variable", "default", "what it is"], environmentRows(commandEnvironmentSchema)),
    "## config/kobling.yaml",
    table(["setting", "takes", "default", "what it is"], rowsOf(jsonSchema(configSchema), "")),
    "## Settings of the connectors",
    ...connectors.flatMap(({ name, settings, limits, quietMs, mappings, audience, drop }) => [
      `### ${name}`,
      [
        drop !== undefined
          ? "Takes exports."
          : audience === undefined
            ? `Objects: ${Object.keys(mappings).join(", ")}.`
            : `Takes audiences: ${audience.channels.join(", ")}.`,
        limits === undefined
          ? "No limit of its own."
          : `Limit unless set: ${limits.requests} requests per ${limits.per}.`,
        `\`quietMs\` unless set: ${quietMs}.`,
      ].join(" "),
      ...alternatives(jsonSchema(settings)).map((each) => {
        const rows = rowsOf(each, "");
        return rows.length === 0 ? "No settings." : table(["setting", "takes", "default", "what it is"], rows);
      }),
    ]),
    "## Fields and groups",
    "The names that `survivorship` and `updatePolicy` take, with the rule that decides a clash unless the configuration or a mapping says",
    "otherwise. Fields of a group are one value: name the group.",
    "",
    "### Kundeemne",
    unitTable(kundeemneCatalogue),
    "### Kontaktperson",
    unitTable(kontaktpersonCatalogue),
  ]);
}

function mappingLanguagePage(): string {
  return page([
    "# The mapping language",
    MADE_BY,
    "A mapping says field by field how an object of a remote system is read into a record and written back. It is data, so it can be",
    "printed, compared and replaced. Connectors ship their own; `config/mappings/<connection>.<object>.yaml`, or",
    "`config/mappings/<connector>.<object>.yaml` for every connection of that kind, takes its place whole. `kobling check` tells",
    "its faults with their lines.",
    "",
    "Absent, empty and null are three things: a field that the remote leaves out says nothing, one that it shows empty is null, and only",
    "null empties the other side. A value too long for `max` is withheld and told, never cut. A value that a codec cannot read",
    "puts the change into quarantine with field and rule, without the value.",
    "",
    "## A mapping",
    table(["setting", "takes", "default", "what it is"], rowsOf(jsonSchema(mappingSchema), "", ["fields"])),
    "## A line of `fields`",
    table(["setting", "takes", "default", "what it is"], rowsOf(itemsOf(jsonSchema(mappingSchema), "fields"), "")),
    `A line names a field of the catalogue (docs/settings.md), or of the primary contact: ${[...primaryView.keys()].map(code).join(", ")}.`,
    "",
    "## Codecs of one field",
    "`as: bool`, or with options `as: { codec: bool, style: J/N }`. Each reads what it writes back unchanged; a value that nobody has",
    "changed is never spelled anew.",
    table(["codec", "for fields of kind", "options", "what it does"], [...codecs.values()].map(codecRow)),
    "Where a line names none, the kind of its field decides:",
    table(
      ["kind", "codec"],
      Object.entries(codecOfKind).map(([kind, codec]) => [code(kind), code(codec)]),
    ),
    "## Codecs over a group",
    "With `fields` in place of `field`: several fields of ours share one remote field, or several.",
    table(
      ["codec", "fields", "remote fields", "what it does"],
      [...groupCodecs.values()].map(({ name, fields, remotes }) => [
        code(name),
        fields.map(code).join(", "),
        String(remotes),
        described(name),
      ]),
    ),
    `\`${REGISTRATION_CODEC}\` binds the group registration to one remote number; ${described(REGISTRATION_CODEC)}`,
    "",
    "## An example",
    "The debitor of the connector `keybalance`, as it is shipped:",
    `\`\`\`yaml\n${stringify(debitorMapping, { aliasDuplicateObjects: false, flowCollectionPadding: true, lineWidth: 0 })}\`\`\``,
  ]);
}

/** What each codec does; a codec without a line here fails the page. */
const does: Readonly<Record<string, string>> = {
  text: "One line, trimmed, in Unicode form C. A number is taken as its digits.",
  longText: "Several lines; `lineBreak` is what is written.",
  phone: "Kept as typed; compared by its digits.",
  email: "Kept as typed; compared without case.",
  url: "Kept as typed.",
  gln: "Kept as typed.",
  postnr: "Kept as typed.",
  vatNumber: "A registration number as typed. What looks like a CPR number is refused.",
  bool: "Every spelling of yes and no is read; `style` is the one that is written (`1/0` unless said).",
  int: "A whole number, written as text unless `json` says number.",
  decimal: "An exact decimal. `profile` says how the remote spells numbers: `point` 1234.5, `da` 1.234,50.",
  date: "A date. `iso` 2026-11-23, `da` 23-11-2026. 00-00-0000 is empty.",
  instant: "A point in time, ISO 8601 with an offset.",
  code: "A code; with `table` (ours: theirs) only what stands in it.",
  codeSet: "A set of codes in one text with a `separator` (a comma unless said), or a JSON list.",
  textSet: "A set of texts, order without meaning.",
  textList: "A list of texts, order kept.",
  country: "Codes and names are read; `style` is what is written. An unknown name is kept as typed and flagged.",
  currency: "A currency code; `blank` is what an empty field stands for.",
  interval: "`10-19`, `25`, `0-9` or `1000+` for the number of employees.",
  balance: "Reads only: the amount in the account's currency, else the amount in DKK.",
  [REGISTRATION_CODEC]: "which of CVR, SE or foreign number it is, is decided against the record (rule R2).",
};

function described(codec: string): string {
  const text = does[codec];
  if (text === undefined) throw new Error(`The codec ${codec} has no description in scripts/docs.ts`);
  return text;
}

const codecRow = ({ name, kinds, options }: { name: string; kinds: readonly string[]; options: z.ZodType }) => [
  code(name),
  kinds.map(code).join(", "),
  rowsOf(jsonSchema(options), "")
    .map(([option, takes]) => `${option}: ${takes}`)
    .join("; "),
  described(name),
];

/** The few parts of a JSON Schema that are read here. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const jsonSchema = (schema: z.ZodType): Schema => z.toJSONSchema(schema, { io: "input" }) as Schema; // what JSON Schema is

const alternatives = (schema: Schema): readonly Schema[] => schema.anyOf ?? [schema];

const itemsOf = (schema: Schema, name: string): Schema => schema.properties?.[name]?.items ?? {};

/** Setting, what it takes, default, what it is; a setting with settings of its own is followed by them. */
function rowsOf(schema: Schema, prefix: string, leaveOut: readonly string[] = []): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, each]) => {
    if (leaveOut.includes(name)) return [];
    const path = `${prefix}${name}`;
    const named = typeof each.additionalProperties === "object" ? each.additionalProperties : undefined;
    const below =
      named?.properties === undefined ? rowsOf(each, `${path}.`) : rowsOf(named, `${path}.<${nameFor(name)}>.`);
    const isNeeded = schema.required?.includes(name) === true && each.default === undefined;
    const fallback = isNeeded ? "required" : defaultOf(each);
    const isGroupOnly = below.length > 0 && each.description === undefined;
    return [...(isGroupOnly ? [] : [[code(path), takes(each), fallback, each.description ?? ""]]), ...below];
  });
}

const NAMES: Readonly<Record<string, string>> = { connections: "name", objects: "object", survivorship: "field" };
const nameFor = (setting: string): string => NAMES[setting] ?? "name";

function takes(schema: Schema): string {
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum !== undefined)
    return schema.enum.map((each) => code(JSON.stringify(each).replaceAll('"', ""))).join(", ");
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(takes))].join(" or ");
  if (schema.type === "array") return `list of ${takes(schema.items ?? {})}`;
  if (schema.type === "object") {
    const { additionalProperties: each } = schema;
    return typeof each === "object" && each.properties === undefined && takes(each) !== "any"
      ? `name: ${takes(each)}`
      : "settings";
  }
  const words: Readonly<Record<string, string>> = { string: "text", integer: "whole number", boolean: "true, false" };
  return words[schema.type ?? ""] ?? schema.type ?? "any";
}

function defaultOf({ default: value }: Schema): string {
  if (value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0))
    return "";
  return code(typeof value === "string" ? value : JSON.stringify(value));
}

function environmentRows(schema: z.ZodObject): string[][] {
  return Object.entries(schema.shape).map(([name, each]) => {
    const fallback = each.safeParse(undefined);
    const value = fallback.success ? fallback.data : undefined;
    const shown = value === undefined ? "" : code(Array.isArray(value) ? value.join(",") : String(value));
    return [code(name), shown, z.globalRegistry.get(each)?.description ?? each.description ?? ""];
  });
}

function unitTable(catalogue: Catalogue): string {
  const units = [...catalogue.units.values()].filter((unit) => !unit.computed);
  return table(
    ["field or group", "fields", "who wins a clash"],
    units.map(({ name, fields, survivorship, control }) => [
      code(name),
      fields.length === 1 && fields[0] === name ? "" : fields.map(code).join(", "),
      control ? "set by side crm only (rule R1)" : ruleText(survivorship),
    ]),
  );
}

function ruleText({ rule, owner, order, then }: Survivorship): string {
  const who = owner ?? order?.join(", ");
  return `${rule}${who === undefined ? "" : `: ${who}`}${then === undefined ? "" : `, then ${then}`}`;
}

const code = (text: string): string => `\`${text}\``;

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(" | ")} |`;
  return `\n${[line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}

/** Outside of code, angle brackets would be taken for HTML. */
const cellText = (cell: string): string => {
  const safe = cell.replaceAll("|", "\\|");
  return safe.includes("`") ? safe : safe.replaceAll("<", "&lt;");
};

/** Headings stand apart; no two empty lines follow each other. */
const page = (parts: readonly string[]): string =>
  `${parts
    .map((part) => (part.startsWith("#") || part.startsWith("<!--") ? `\n${part}\n` : part))
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim()}\n`;

if (import.meta.main) {
  for (const [name, write] of Object.entries(pages)) {
    const file = fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
    writeFileSync(file, write());
    console.log(`Wrote ${file}`);
  }
}
