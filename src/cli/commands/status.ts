import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

const objectSchema = z.looseObject({
  object: z.string(),
  direction: z.string(),
  releasedIn: z.boolean(),
  releasedOut: z.boolean(),
  armed: z.boolean(),
  linked: z.number(),
  waiting: z.number(),
  due: z.number(),
  withheld: z.number(),
  uncertain: z.number(),
  quarantined: z.number(),
  held: z.number(),
  drift: z.number(),
  agreement: z.looseObject({ percent: z.number().nullable(), oldestAt: z.string().nullable() }),
  unverifiableSince: z.string().nullable(),
  stopped: z.looseObject({ review: z.number(), reason: z.string().nullable() }).nullable(),
});

const connectionSchema = z.looseObject({
  name: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  circuit: z.string(),
  lastError: z.string().nullable(),
  lastErrorAt: z.string().nullable(),
  objects: z.array(objectSchema),
});

const statusSchema = z.looseObject({
  version: z.string(),
  connections: z.array(connectionSchema),
  openReviews: z.record(z.string(), z.number()),
});

const HEADINGS = ["connection", "object", "direction", "state", "linked", "waiting", "due", "withheld", "uncertain"];
const COUNTS = ["quarantined", "held", "drift", "agree %"];

const args = { ...jsonArg, ...gatewayArgs } as const;

export const statusCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling status", description: "How it goes: what is linked, waits, is held, differs" },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "status");
      const status = await openGateway(terminal, given).ask(statusSchema, "GET", "/v1/status");
      if (given.json) return terminal.out(JSON.stringify(status, null, 2));
      const rows = status.connections.flatMap((connection) =>
        connection.objects.map((each) => [
          ...[connection.name, each.object, each.direction, stateOf(connection.state, each), each.linked, each.waiting],
          ...[
            each.due,
            each.withheld,
            each.uncertain,
            each.quarantined,
            each.held,
            each.drift,
            each.agreement.percent ?? "-",
          ],
        ]),
      );
      for (const line of table([...HEADINGS, ...COUNTS], rows)) terminal.out(line);
      for (const line of remarks(status)) terminal.out(line);
    },
  });

function stateOf(connection: string, object: z.output<typeof objectSchema>): string {
  if (connection !== "active") return connection;
  if (object.stopped !== null) return "stopped";
  if (object.direction === "off") return "off";
  if (!object.armed) return "released";
  return object.releasedIn || object.releasedOut ? `released ${object.releasedIn ? "in" : "out"} only` : "armed";
}

/** What a person should know or do, a line each. */
function remarks({ connections, openReviews }: z.output<typeof statusSchema>): string[] {
  const lines: string[] = [];
  for (const { name, state, reason, circuit, lastError, lastErrorAt, objects } of connections) {
    if (state !== "active")
      lines.push(`${name} is ${state}${reason === null ? "" : `: ${reason}`}. \`kobling resume ${name}\``);
    if (circuit !== "closed") lines.push(`${name} failed repeatedly and rests (circuit ${circuit}).`);
    if (lastError !== null) lines.push(`${name}: last fault ${lastError} at ${lastErrorAt ?? "an unknown time"}.`);
    for (const { object, armed, stopped, unverifiableSince, agreement } of objects) {
      if (armed && state === "active") {
        lines.push(
          `${name} ${object} is armed: it writes nothing before \`kobling sync ${name} --preview\` and a release.`,
        );
      }
      if (stopped !== null) {
        lines.push(
          `${name} ${object} is stopped: ${stopped.reason ?? "by a guard"}; nothing more is read or sent. \`kobling review show ${stopped.review}\``,
        );
      }
      if (agreement.oldestAt !== null) lines.push(`${name} ${object} differs somewhere since ${agreement.oldestAt}.`);
      if (unverifiableSince !== null) lines.push(`${name} ${object} cannot be verified since ${unverifiableSince}.`);
    }
  }
  const open = Object.entries(openReviews).map(([kind, count]) => `${count} ${kind}`);
  lines.push(
    open.length === 0
      ? "Nothing waits for a person."
      : `Waits for a person: ${open.join(", ")}. \`kobling review list\``,
  );
  return ["", ...lines];
}
