import { defineCommand } from "citty";
import { z } from "zod";
import { readId, refuseUnknown } from "../arguments.ts";
import { type GatewayClient, gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { table } from "../table.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const mergeArgs = {
  id: { type: "positional", description: "Id of the Kundeemne that stays", required: true },
  other: { type: "positional", description: "Id of the one that goes up in it", required: true },
  preview: { type: "boolean", description: "Only show what would be done; nothing is written" },
  take: {
    type: "string",
    description: "Fields whose value of the other one is to stand, with commas between",
    valueHint: "fields",
  },
  main: { type: "string", description: "Links that are to be written to, with commas between", valueHint: "links" },
  ...jsonArg,
  ...gatewayArgs,
} as const;

const unmergeArgs = {
  merge: { type: "positional", description: "Number of the merge", required: true },
  preview: { type: "boolean", description: "Only show what would come back; nothing is written" },
  ...jsonArg,
  ...gatewayArgs,
} as const;

const value = z.record(z.string(), z.unknown());
const outcomeSchema = z.looseObject({
  merge: z.int().nullable(),
  repeated: z.boolean(),
  refusal: z.string().nullable(),
  obstacles: z.array(z.looseObject({ code: z.string() })),
  fields: z.array(
    z.looseObject({ unit: z.string(), from: z.string(), rule: z.string(), survivor: value, other: value }),
  ),
  links: z.array(
    z.looseObject({
      id: z.string(),
      connection: z.string(),
      object: z.string(),
      externalId: z.string(),
      of: z.string(),
      state: z.string(),
    }),
  ),
  moves: z.record(z.string(), z.int()),
});

const undoneSchema = z.looseObject({
  repeated: z.boolean(),
  refusal: z.string().nullable(),
  obstacles: z.array(z.looseObject({ code: z.string() })),
  restored: z.array(z.string()),
  moves: z.record(z.string(), z.int()),
  left: z.array(z.looseObject({ what: z.string(), name: z.string(), reason: z.string() })),
});

export const mergeCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling merge", description: "Merge two Kundeemner that are the same company" },
    args: mergeArgs,
    async run({ args: given }) {
      refuseUnknown(given, mergeArgs, "merge");
      const gateway = openGateway(terminal, given);
      const fields = Object.fromEntries(wordsOf(given.take).map((field) => [field, "other"]));
      const main = wordsOf(given.main);
      const body = { other: given.other, dryRun: given.preview === true, fields, main };
      const path = `/v1/kundeemner/${encodeURIComponent(given.id)}/merge`;
      const outcome = await gateway.ask(outcomeSchema, "POST", path, { body });
      if (given.json) return terminal.out(JSON.stringify(outcome, null, 2));
      if (outcome.repeated) return terminal.out(`They are merged already, by merge ${outcome.merge}.`);
      show(terminal, outcome);
      if (given.preview) {
        terminal.out("Nothing is written.");
        if (outcome.refusal !== null)
          throw new CommandError(
            `As things stand it would be refused: ${outcome.refusal} (${outcome.obstacles.map(({ code }) => code).join(", ")}).`,
            outcome.refusal === "main_link_needed"
              ? "Name a link of the list with --main."
              : "--json shows what hinders it.",
          );
        return;
      }
      terminal.out(`Merged by merge ${outcome.merge}. Take it back with: kobling unmerge ${outcome.merge}`);
    },
  });

export const unmergeCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling unmerge", description: "Take a merge back, where nobody has changed what it did since" },
    args: unmergeArgs,
    async run({ args: given }) {
      refuseUnknown(given, unmergeArgs, "unmerge");
      const id = readId(given.merge, "The merge");
      const outcome = await takeBack(openGateway(terminal, given), id, given.preview === true);
      if (given.json) return terminal.out(JSON.stringify(outcome, null, 2));
      if (outcome.repeated) return terminal.out(`Merge ${id} was taken back before.`);
      if (outcome.restored.length > 0) terminal.out(`As before: ${outcome.restored.join(", ")}`);
      terminal.out(`Back to the other record: ${countsOf(outcome.moves)}`);
      for (const { what, name, reason } of outcome.left) terminal.out(`${what} ${name}: stays (${reason})`);
      terminal.out(given.preview ? "Nothing is written." : `Merge ${id} is taken back.`);
    },
  });

const takeBack = (gateway: GatewayClient, id: number, dryRun: boolean) =>
  gateway.ask(undoneSchema, "POST", `/v1/merges/${id}/undo`, { body: { dryRun } });

function show(terminal: Terminal, { fields, links, moves }: z.output<typeof outcomeSchema>): void {
  const rows = fields.map(({ unit, from, rule, survivor, other }) => [
    unit,
    inShort(survivor),
    inShort(other),
    from,
    rule,
  ]);
  for (const line of table(["field", "stays", "other", "stands", "rule"], rows)) terminal.out(line);
  const at = links.map((link) => [
    `${link.connection}/${link.object} ${link.externalId}`,
    link.of,
    link.state,
    link.id,
  ]);
  if (at.length > 0) for (const line of table(["link", "of", "becomes", "id"], at)) terminal.out(line);
  terminal.out(`Goes along: ${countsOf(moves)}`);
}

const countsOf = (moves: Readonly<Record<string, number>>): string =>
  Object.entries(moves)
    .flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
    .join(", ") || "nothing";

const inShort = (values: Readonly<Record<string, unknown>>): string =>
  Object.values(values)
    .filter((each) => each !== null)
    .map((each) => (typeof each === "string" ? each : JSON.stringify(each)))
    .join(", ");

const wordsOf = (text: string | undefined): string[] =>
  (text ?? "").split(",").flatMap((word) => (word.trim() === "" ? [] : [word.trim()]));
