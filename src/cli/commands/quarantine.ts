import { defineCommand } from "citty";
import { z } from "zod";
import { readId, refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

const MOST_LISTED = 100;

const changeSchema = z.looseObject({
  id: z.number(),
  connection: z.string(),
  object: z.string(),
  externalId: z.string(),
  receivedAt: z.string(),
  reason: z.looseObject({ code: z.string(), detail: z.string(), field: z.string().optional() }),
});

const listArgs = {
  connection: { type: "string", description: "Only of this connection", valueHint: "name" },
  object: { type: "string", description: "Only of this object", valueHint: "object" },
  code: { type: "string", description: "Only with this reason", valueHint: "code" },
  ...jsonArg,
  ...gatewayArgs,
} as const;
const retryArgs = {
  id: { type: "positional", description: "Id of the change", required: true },
  ...gatewayArgs,
} as const;

export const quarantineCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling quarantine", description: "Changes put aside with their reason: list, retry" },
    subCommands: {
      list: defineCommand({
        meta: { name: "kobling quarantine list", description: "Changes put aside, newest first" },
        args: listArgs,
        async run({ args: given }) {
          refuseUnknown(given, listArgs, "quarantine list");
          const { connection, object, code } = given;
          const gateway = openGateway(terminal, given);
          const { items, more } = await gateway.list(
            changeSchema,
            "/v1/quarantine",
            { connection, object, code },
            MOST_LISTED,
          );
          if (given.json) return terminal.out(JSON.stringify(items, null, 2));
          if (items.length === 0) return terminal.out("Nothing is in quarantine.");
          const rows = items.map(({ id, connection: name, object: kind, externalId, receivedAt, reason }) => [
            ...[id, `${name}/${kind}/${externalId}`, receivedAt, reason.code, reason.field, reason.detail],
          ]);
          for (const line of table(["id", "at", "received", "code", "field", "reason"], rows)) terminal.out(line);
          if (more) terminal.tell(`Only the newest ${MOST_LISTED} are shown.`);
        },
      }),
      retry: defineCommand({
        meta: { name: "kobling quarantine retry", description: "Take a change up again" },
        args: retryArgs,
        async run({ args: given }) {
          refuseUnknown(given, retryArgs, "quarantine retry");
          const id = readId(given.id, "The id of a change");
          await openGateway(terminal, given).act("POST", `/v1/quarantine/${id}/retry`);
          terminal.out(`Change ${id} will be decided again.`);
        },
      }),
    },
  });
