import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { type GatewayClient, gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { endedRun, type Run, runSchema, whyOf } from "../runs.ts";
import { table } from "../table.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const args = {
  file: { type: "positional", description: "CSV or XLSX", required: true },
  apply: { type: "boolean", description: "Carry it out after the dry run; without it nothing is written" },
  connection: { type: "string", description: "Of connector import, where there are several", valueHint: "name" },
  map: {
    type: "string",
    description: "What columns are for: 'Kundenavn=firmanavn, Farve=' (nothing: the column is left out)",
    valueHint: "column=field, …",
  },
  "key-column": {
    type: "string",
    description: "The column that names a row also in a later file; 'none' for none",
    valueHint: "column",
  },
  encoding: {
    type: "string",
    description: "utf-8, windows-1252, cp865, cp850, cp437 or iso646-dk; guessed when left out",
    valueHint: "name",
  },
  delimiter: { type: "string", description: "; or , or | or tab; guessed when left out", valueHint: "sign" },
  "heading-row": { type: "string", description: "Which row holds the headings, from 1; 0: none", valueHint: "number" },
  sheet: { type: "string", description: "Sheet of a workbook; the first when left out", valueHint: "name" },
  dates: { type: "string", description: "da: day first. en: month first. da when left out", valueHint: "da|en" },
  decimal: { type: "string", description: "da: 1.234,50. en: 1,234.50. da when left out", valueHint: "da|en" },
  again: { type: "boolean", description: "The same content was imported before, and it is meant" },
  errors: { type: "string", description: "Write the rows that cannot be taken, with reasons", valueHint: "file" },
  ...jsonArg,
  ...gatewayArgs,
} as const;

const importSchema = z.looseObject({
  id: z.string(),
  fileName: z.string(),
  format: z.string(),
  encoding: z
    .looseObject({ name: z.string(), isGuess: z.boolean(), reason: z.string(), maybe: z.string().optional() })
    .nullable(),
  delimiter: z.string().nullable(),
  headingRow: z.number(),
  dates: z.string(),
  decimal: z.string(),
  key: z.string().nullable(),
  columns: z.array(z.looseObject({ column: z.string(), field: z.string().nullable(), samples: z.array(z.string()) })),
  faults: z.array(z.looseObject({ line: z.number(), detail: z.string() })),
  sameAs: z.number().nullable(),
});
type Import = z.output<typeof importSchema>;

export const importCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling import", description: "Bring a spreadsheet in: shown and tried first, then --apply" },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "import");
      if (!existsSync(given.file) || !statSync(given.file).isFile())
        throw new CommandError(`There is no file ${given.file}.`);
      const gateway = openGateway(terminal, given);
      const { connection, encoding, delimiter, sheet, dates, decimal } = given;
      const headingRow = given["heading-row"];
      const key = given["key-column"];
      let file = await gateway.bring(importSchema, "/v1/imports", {
        query: { fileName: basename(given.file), connection, encoding, delimiter, headingRow, sheet, dates, decimal },
        file: given.file,
        type: "application/octet-stream",
      });
      const path = `/v1/imports/${file.id}`;
      const correction = {
        ...(given.map === undefined ? {} : { columns: readMap(given.map) }),
        ...(key === undefined ? {} : { key: key === "none" ? null : key }),
      };
      if (Object.keys(correction).length > 0)
        file = await gateway.ask(importSchema, "PATCH", path, { body: correction });
      if (!given.json) for (const line of tellFile(file)) terminal.out(line);
      const preview = await ended(gateway, await gateway.ask(runSchema, "POST", `${path}/preview`));
      if (!given.json) for (const line of tellRun("Tried; nothing is written yet", preview)) terminal.out(line);
      if (given.apply === true && given.again !== true && file.sameAs !== null)
        throw new CommandError(
          `Run ${file.sameAs} has imported the same content.`,
          "Where it was undone, undo the undo; where it is meant, say --again.",
        );
      const run = given.apply === true ? await carryOut(gateway, path, given.again === true) : undefined;
      file = await gateway.ask(importSchema, "GET", path);
      if (given.json) terminal.out(JSON.stringify({ import: file, preview, run: run ?? null }, null, 2));
      else {
        for (const line of run === undefined ? [] : tellRun("Imported", run)) terminal.out(line);
        for (const { line, detail } of file.faults) terminal.out(`line ${line}: ${detail}`);
        if (run === undefined) terminal.tell(`Carry it out with: kobling import ${given.file} --apply`);
        else terminal.tell(`Undo it with: kobling undo ${run.id}`);
        if (run === undefined && file.sameAs !== null)
          terminal.tell(`Run ${file.sameAs} has imported the same content: say --again where it is meant.`);
      }
      if (given.errors !== undefined && file.faults.length > 0) {
        await gateway.save(`${path}/errors`, given.errors);
        terminal.tell(`The rows that cannot be taken stand in ${given.errors}.`);
      }
    },
  });

async function carryOut(gateway: GatewayClient, path: string, again: boolean): Promise<Run> {
  const body = again ? { again } : {};
  return ended(gateway, await gateway.ask(runSchema, "POST", `${path}/apply`, { body }));
}

async function ended(gateway: GatewayClient, begun: Run): Promise<Run> {
  const run = await endedRun(gateway, begun);
  // Rows that cannot be taken are told one by one: the others were.
  if (run.state !== "done" && run.state !== "partly")
    throw new CommandError(`Run ${run.id} ended ${run.state}${whyOf(run.detail)}.`);
  return run;
}

/** `Kundenavn=firmanavn, Farve=` by column. Throws CommandError. */
function readMap(text: string): Record<string, string | null> {
  const pairs = text.split(",").map((pair) => {
    const at = pair.lastIndexOf("=");
    const column = pair.slice(0, at).trim();
    if (at === -1 || column === "")
      throw new CommandError(`"${pair.trim()}" is no column=field.`, "Write --map 'Kundenavn=firmanavn, Farve='.");
    const field = pair.slice(at + 1).trim();
    return [column, field === "" ? null : field] as const;
  });
  return Object.fromEntries(pairs);
}

function tellFile(file: Import): string[] {
  const { encoding, delimiter } = file;
  const read =
    encoding === null
      ? "a workbook"
      : `${encoding.name} (${encoding.isGuess ? "guessed: " : ""}${encoding.reason}), divided by "${delimiter}"`;
  const maybe = encoding?.maybe === undefined ? [] : [`It may be ${encoding.maybe} as well: say --encoding then.`];
  const rows = file.columns.map(({ column, field, samples }) => [column, field ?? "–", samples.join(" · ")]);
  return [
    `${file.fileName}: read as ${read}; headings in row ${file.headingRow}, dates ${file.dates}, numbers ${file.decimal}.`,
    ...maybe,
    file.key === null ? "No column names the rows: each is said once." : `Rows are named by "${file.key}".`,
    "",
    ...table(["COLUMN", "FIELD", "FOR EXAMPLE"], rows),
    "",
  ];
}

const words: Readonly<Record<string, string>> = {
  read: "rows",
  created: "become new Kundeemner",
  linked: "are records that are here already",
  updated: "change a record",
  unchanged: "change nothing",
  held: "wait for a person: see kobling review list",
  refused: "cannot be taken: see below",
  fieldsFilled: "empty fields are filled",
  fieldsOverwritten: "fields are overwritten",
  fieldsCleared: "fields are emptied",
  matchCases: "of them are unsure matches",
  conflicts: "of them are fields in conflict",
};

function tellRun(title: string, run: Run): string[] {
  const { quarantined = 0, refused = 0, ...others } = run.counts ?? {};
  const counts = Object.entries({ ...others, refused: refused + quarantined }).filter(
    ([name, count]) => count !== 0 && words[name] !== undefined,
  );
  const rows = counts.map(([name, count]) => [count, words[name]]);
  return [`${title} (run ${run.id}):`, ...table(["", ""], rows).slice(1), ""];
}
