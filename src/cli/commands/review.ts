import { defineCommand } from "citty";
import { z } from "zod";
import { readId, readTime, refuseUnknown } from "../arguments.ts";
import { type GatewayClient, gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
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

const filterArgs = {
  kind: {
    type: "string",
    description: "Only of this kind (conflict, match_case, proposal, alert …)",
    valueHint: "kind",
  },
  connection: { type: "string", description: "Only of this connection", valueHint: "name" },
  object: { type: "string", description: "Only of this object (debitor, kreditor …)", valueHint: "object" },
  field: { type: "string", description: "Only of this field or group", valueHint: "field" },
  record: { type: "string", description: "Only of this Kundeemne and its contacts", valueHint: "id" },
  before: { type: "string", description: "Only opened before: 2026-12-31, or an instant", valueHint: "time" },
} as const;
const listArgs = {
  ...filterArgs,
  state: { type: "string", description: "open unless said; decided, closed, suspended, any", valueHint: "state" },
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
    description: "The revision you saw; refused when a side has moved since. Without it the one that stands now",
    valueHint: "n",
  },
  value: { type: "string", description: 'With value: the fields as JSON, {"telefon": "33123456"}', valueHint: "json" },
  target: { type: "string", description: "Side, record or external id that the decision names", valueHint: "id" },
  count: { type: "string", description: "Of a stopped run: only the first so many that wait", valueHint: "n" },
  "up-to": { type: "string", description: "Of a stopped run: only up to this change or delivery", valueHint: "id" },
  only: { type: "string", description: "Of a stopped run: only these external ids, with commas", valueHint: "ids" },
  why: { type: "string", description: "Reason, kept with the decision", valueHint: "reason" },
  ...gatewayArgs,
} as const;

const decideAllArgs = {
  decision: {
    type: "positional",
    description: "take_theirs, keep_ours, merge, not_same, new, ignore, dismiss, acknowledge …",
    required: true,
  },
  ...filterArgs,
  target: { type: "string", description: "Side or connection that the decision names", valueHint: "id" },
  why: { type: "string", description: "Reason, kept with each decision", valueHint: "reason" },
  ...jsonArg,
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
          const query = { ...readFilter(given), state: given.state };
          const gateway = openGateway(terminal, given);
          const { items, more } = await gateway.list(reviewSchema, "/v1/reviews", query, MOST_LISTED);
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
          const value = given.value === undefined ? {} : { value: readFields(given.value) };
          const said = given.revision === undefined ? undefined : readId(given.revision, "The revision");
          const gateway = openGateway(terminal, given);
          const seen = said ?? (await gateway.ask(reviewSchema, "GET", `/v1/reviews/${id}`)).revision;
          const body = {
            decision,
            revision: seen,
            ...value,
            ...(target === undefined ? {} : { target }),
            ...readRange(given.count, given["up-to"], given.only),
            ...(why === undefined ? {} : { why }),
          };
          const schema = z.looseObject({ state: z.string() });
          const path = `/v1/reviews/${id}/decision`;
          const { state } = await gateway.ask(schema, "POST", path, { body });
          terminal.out(`Review ${id} is ${state}.`);
        },
      }),
      "decide-all": defineCommand({
        meta: { name: "kobling review decide-all", description: "Decide everything that a filter finds" },
        args: decideAllArgs,
        async run({ args: given }) {
          refuseUnknown(given, decideAllArgs, "review decide-all");
          const { decision, target, why } = given;
          if (why === undefined)
            throw new CommandError("A decision on many needs a reason.", `Give one with --why "…".`);
          const asked = { filter: readFilter(given), decision, why, ...(target === undefined ? {} : { target }) };
          const { decided, failures } = await decideAll(openGateway(terminal, given), asked);
          if (given.json) terminal.out(JSON.stringify({ decided, failures }, null, 2));
          else {
            terminal.out(`${decided} decided.`);
            const rows = failures.map(({ id, kind, code, detail }) => [id, kind, code, detail]);
            if (rows.length > 0) for (const line of table(["id", "kind", "code", "why not"], rows)) terminal.out(line);
          }
          if (failures.length === 0) return;
          const wayOut = "Look at each with `kobling review show <id>`.";
          throw new CommandError(`${failures.length} could not be decided and still wait.`, wayOut);
        },
      }),
    },
  });

interface Filter {
  readonly kind?: string | undefined;
  readonly connection?: string | undefined;
  readonly object?: string | undefined;
  readonly field?: string | undefined;
  readonly record?: string | undefined;
  readonly before?: string | undefined;
}

const readFilter = ({ kind, connection, object, field, record, before }: Filter) => ({
  kind,
  connection,
  object,
  unit: field,
  kundeemne: record,
  openedBefore: before === undefined ? undefined : readTime(before, "--before"),
});

const decidedSchema = z.looseObject({
  decided: z.number(),
  failures: z.array(z.looseObject({ id: z.number(), kind: z.string(), code: z.string(), detail: z.string() })),
  next: z.number().nullable(),
});

/** A request after the other until the filter finds no more: each is bounded. */
async function decideAll(gateway: GatewayClient, asked: object) {
  let decided = 0;
  const failures: z.output<typeof decidedSchema>["failures"] = [];
  let after = 0;
  for (;;) {
    const body = { ...asked, after };
    const answer = await gateway.ask(decidedSchema, "POST", "/v1/reviews/decisions", { body });
    decided += answer.decided;
    failures.push(...answer.failures);
    if (answer.next === null) return { decided, failures };
    after = answer.next;
  }
}

const placeOf = ({ connection, object, externalId }: z.output<typeof reviewSchema>): string =>
  [connection, object, externalId].filter((part) => part !== null).join("/");

/** The part of a stopped run that is meant; nothing said: all of it. */
function readRange(count?: string, upTo?: string, only?: string): { range?: object } {
  const range = {
    ...(count === undefined ? {} : { count: readId(count, "The count") }),
    ...(upTo === undefined ? {} : { upTo: readId(upTo, "The change or delivery") }),
    ...(only === undefined ? {} : { objects: only.split(",").map((id) => id.trim()) }),
  };
  return Object.keys(range).length === 0 ? {} : { range };
}

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
