import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { recordOf } from "../record-of.ts";
import { outline } from "../table.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const args = {
  id: { type: "positional", description: "Id of a Kundeemne, or connection/object/externalId", required: true },
  to: { type: "positional", description: "debitor, kreditor, tilbud, ordre, faktura or sag", required: true },
  connection: { type: "string", description: "The ledger", valueHint: "name" },
  data: {
    type: "string",
    description: "Fields of a document, by the ledger's names: SagsArt=MONTAGE,Ansvarlig=EA",
    valueHint: "fields",
  },
  reference: { type: "string", description: "Your name of the document; another one makes another", valueHint: "text" },
  "dry-run": { type: "boolean", description: "Show what would be done, and what is missing; nothing is sent" },
  ...jsonArg,
  ...gatewayArgs,
} as const;

/** How long the command waits for the ledger, in ms. */
const WAIT_MS = 30_000;

export const convertCommand = (terminal: Terminal) =>
  defineCommand({
    meta: {
      name: "kobling convert",
      description: "Make a Kundeemne a debitor, kreditor, tilbud, ordre, faktura or sag",
    },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "convert");
      const { to, connection, reference, data } = given;
      if (connection === undefined)
        throw new CommandError("At which ledger?", "Name the connection: --connection erp.");
      const gateway = openGateway(terminal, given);
      const body = {
        ...{ to, connection },
        ...(reference === undefined ? {} : { reference }),
        ...(data === undefined ? {} : { data: readFields(data) }),
      };
      const path = `/v1/kundeemner/${encodeURIComponent(await recordOf(gateway, given.id))}/convert`;
      if (given["dry-run"] === true) {
        const plan = await gateway.ask(planSchema, "POST", path, { body: { ...body, dryRun: true } });
        if (given.json) return terminal.out(JSON.stringify(plan, null, 2));
        return tellPlan(plan, terminal);
      }
      const told = await gateway.ask(standingSchema, "POST", path, { body: { ...body, waitMs: WAIT_MS } });
      if (given.json) terminal.out(JSON.stringify(told, null, 2));
      else terminal.out(inWords(told));
      if (told.state === "failed")
        throw new CommandError(`${told.reason ?? "It failed"}.`, "Correct it and give the same command again.");
    },
  });

const accountSchema = z.looseObject({ object: z.string(), externalId: z.string() });

const standingSchema = z.looseObject({
  state: z.string(),
  reason: z.string().nullable(),
  to: z.string(),
  externalId: z.string().nullable(),
  account: accountSchema.nullable(),
});

const planSchema = z.looseObject({
  missing: z.array(z.looseObject({ field: z.string(), code: z.string() })),
  account: accountSchema.nullable(),
  accountBody: z.record(z.string(), z.unknown()).nullable(),
  withheld: z.record(z.string(), z.string()),
  documentBody: z.record(z.string(), z.unknown()).nullable(),
});

function inWords({ state, reason, to, externalId, account }: z.output<typeof standingSchema>): string {
  const on = account === null || account.object === to ? "" : `, on ${account.object} ${account.externalId}`;
  if (state === "done") return `${to} ${externalId}${on}`;
  if (state === "failed") return `The ${to} was not made.`;
  const why = reason === null ? "" : `: ${reason}`;
  return `The ${to} is ${state}${why}${on}. Give the same command again to see how it went; nothing is made twice.`;
}

function tellPlan(plan: z.output<typeof planSchema>, terminal: Terminal): void {
  const { missing, account, accountBody, withheld, documentBody } = plan;
  for (const { field, code } of missing) terminal.out(`${field} is missing (${code}).`);
  if (account !== null) terminal.out(`It stands on ${account.object} ${account.externalId}, which is linked.`);
  const rest = {
    ...(accountBody === null ? {} : { "would be made at the ledger, unless it has the company": accountBody }),
    ...(documentBody === null ? {} : { "on it": documentBody }),
    ...(Object.keys(withheld).length === 0 ? {} : { "would stay behind": withheld }),
  };
  for (const line of outline(rest)) terminal.out(line);
}

/** `A=1,B=x y` as fields. Throws CommandError. */
function readFields(text: string): Record<string, string> {
  const pairs = text.split(",").map((pair): [string, string] => {
    const at = pair.indexOf("=");
    if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    throw new CommandError(`"${pair}" of --data is no field.`, "Write FIELD=value, with commas between.");
  });
  return Object.fromEntries(pairs);
}
