import { defineCommand } from "citty";
import { z } from "zod";
import { readId, refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { outline, table } from "../table.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const MOST_LISTED = 100;

const reviewSchema = z.looseObject({
  id: z.number(),
  kind: z.string(),
  entityId: z.string().nullable(),
  unit: z.string().nullable(),
  connection: z.string().nullable(),
  object: z.string().nullable(),
  externalId: z.string().nullable(),
  reason: z.string(),
  revision: z.number(),
});

const listArgs = {
  kind: {
    type: "string",
    description: "Only of this kind (conflict, match_case, proposal, alert …)",
    valueHint: "kind",
  },
  connection: { type: "string", description: "Only of this connection", valueHint: "name" },
  state: { type: "string", description: "open unless said", valueHint: "state" },
  ...jsonArg,
  ...gatewayArgs,
} as const;
const showArgs = {
  id: { type: "positional", description: "Id of the review", required: true },
  ...jsonArg,
  ...gatewayArgs,
} as const;
const decideArgs = {
  id: { type: "positional", description: "Id of the review", required: true },
  decision: {
    type: "positional",
    description: "take_theirs, keep_ours, value, link, not_same, new, approve, dismiss, acknowledge …",
    required: true,
  },
  revision: {
    type: "string",
    description: "The revision you saw; refused when a side has moved since",
    valueHint: "n",
  },
  value: { type: "string", description: 'With value: the fields as JSON, {"telefon": "33123456"}', valueHint: "json" },
  target: { type: "string", description: "Side, record or external id that the decision names", valueHint: "id" },
  why: { type: "string", description: "Reason, kept with the decision", valueHint: "reason" },
  ...gatewayArgs,
} as const;

export const reviewCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling review", description: "What waits for a person: list, show, decide" },
    subCommands: {
      list: defineCommand({
        meta: { name: "kobling review list", description: "Reviews, newest first" },
        args: listArgs,
        async run({ args: given }) {
          refuseUnknown(given, listArgs, "review list");
          const { kind, connection, state } = given;
          const gateway = openGateway(terminal, given);
          const { items, more } = await gateway.list(
            reviewSchema,
            "/v1/reviews",
            { kind, connection, state },
            MOST_LISTED,
          );
          if (given.json) return terminal.out(JSON.stringify(items, null, 2));
          if (items.length === 0) return terminal.out("Nothing waits for a person.");
          const rows = items.map((each) => [
            ...[each.id, each.kind, each.unit, placeOf(each), each.entityId, each.revision, each.reason],
          ]);
          const headings = ["id", "kind", "field", "at", "record", "revision", "reason"];
          for (const line of table(headings, rows)) terminal.out(line);
          if (more) terminal.tell(`Only the newest ${MOST_LISTED} are shown.`);
        },
      }),
      show: defineCommand({
        meta: { name: "kobling review show", description: "One review with its sides" },
        args: showArgs,
        async run({ args: given }) {
          refuseUnknown(given, showArgs, "review show");
          const path = `/v1/reviews/${readId(given.id, "The id of a review")}`;
          const review = await openGateway(terminal, given).ask(reviewSchema, "GET", path);
          if (given.json) return terminal.out(JSON.stringify(review, null, 2));
          for (const line of outline(review)) terminal.out(line);
        },
      }),
      decide: defineCommand({
        meta: { name: "kobling review decide", description: "Decide a review" },
        args: decideArgs,
        async run({ args: given }) {
          refuseUnknown(given, decideArgs, "review decide");
          const id = readId(given.id, "The id of a review");
          const { decision, target, why } = given;
          const body = {
            decision,
            ...(given.revision === undefined ? {} : { revision: readId(given.revision, "The revision") }),
            ...(given.value === undefined ? {} : { value: readFields(given.value) }),
            ...(target === undefined ? {} : { target }),
            ...(why === undefined ? {} : { why }),
          };
          const schema = z.looseObject({ state: z.string() });
          const path = `/v1/reviews/${id}/decision`;
          const { state } = await openGateway(terminal, given).ask(schema, "POST", path, { body });
          terminal.out(`Review ${id} is ${state}.`);
        },
      }),
    },
  });

const placeOf = ({ connection, object, externalId }: z.output<typeof reviewSchema>): string =>
  [connection, object, externalId].filter((part) => part !== null).join("/");

function readFields(text: string): Readonly<Record<string, unknown>> {
  const wayOut = 'Write fields as JSON: --value \'{"telefon": "33123456"}\'.';
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw new CommandError("--value cannot be read as JSON.", wayOut, { cause });
  }
  const fields = z.record(z.string(), z.unknown()).safeParse(read);
  if (!fields.success) throw new CommandError("--value must hold fields with their values.", wayOut);
  return fields.data;
}
