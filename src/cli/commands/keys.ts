import { defineCommand } from "citty";
import { z } from "zod";
import { readDurationMs } from "../../lib/time.ts";
import { refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { table } from "../table.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const keySchema = z.looseObject({
  id: z.string(),
  label: z.string(),
  scopes: z.array(z.string()),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
});

const listArgs = { ...jsonArg, ...gatewayArgs } as const;
const addArgs = {
  label: { type: "positional", description: "Who it is for", required: true },
  scopes: {
    type: "string",
    description: "Comma list of admin, read, write, review, lead, sales, marketing, connection:<name>",
    required: true,
    valueHint: "scopes",
  },
  expires: { type: "string", description: "After a time (90d) or at a date (2027-01-31)", valueHint: "when" },
  ...gatewayArgs,
} as const;
const revokeArgs = {
  id: { type: "positional", description: "Id of the key, as `kobling keys list` shows it", required: true },
  ...gatewayArgs,
} as const;

export const keysCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling keys", description: "API keys: list, add, revoke" },
    subCommands: {
      list: defineCommand({
        meta: { name: "kobling keys list", description: "All keys, without the keys themselves" },
        args: listArgs,
        async run({ args: given }) {
          refuseUnknown(given, listArgs, "keys list");
          const schema = z.looseObject({ items: z.array(keySchema) });
          const { items } = await openGateway(terminal, given).ask(schema, "GET", "/v1/keys");
          if (given.json) return terminal.out(JSON.stringify(items, null, 2));
          const rows = items.map((key) => [key.id, key.label, key.scopes.join(","), stateOf(key), key.lastUsedAt]);
          for (const line of table(["id", "label", "scopes", "state", "last used"], rows)) terminal.out(line);
        },
      }),
      add: defineCommand({
        meta: { name: "kobling keys add", description: "Make a key; it is shown this once" },
        args: addArgs,
        async run({ args: given }) {
          refuseUnknown(given, addArgs, "keys add");
          const scopes = given.scopes.split(",").map((scope) => scope.trim());
          const expiresAt = given.expires === undefined ? {} : { expiresAt: readExpiry(given.expires) };
          const made = await openGateway(terminal, given).ask(
            keySchema.extend({ key: z.string() }),
            "POST",
            "/v1/keys",
            {
              body: { label: given.label, scopes, ...expiresAt },
            },
          );
          terminal.tell(`Key ${made.id} for ${made.label}; it is shown this once:`);
          terminal.out(made.key);
        },
      }),
      revoke: defineCommand({
        meta: { name: "kobling keys revoke", description: "Refuse a key from now on" },
        args: revokeArgs,
        async run({ args: given }) {
          refuseUnknown(given, revokeArgs, "keys revoke");
          await openGateway(terminal, given).act("DELETE", `/v1/keys/${encodeURIComponent(given.id)}`);
          terminal.out(`Key ${given.id} is revoked.`);
        },
      }),
    },
  });

function stateOf({ revokedAt, expiresAt }: z.output<typeof keySchema>): string {
  if (revokedAt !== null) return `revoked ${revokedAt.slice(0, 10)}`;
  if (expiresAt === null) return "valid";
  return Date.parse(expiresAt) <= Date.now() ? `expired ${expiresAt.slice(0, 10)}` : `until ${expiresAt.slice(0, 10)}`;
}

/** `90d` from now, or a date. */
function readExpiry(text: string): string {
  const ms = readDurationMs(text);
  const at = ms === undefined ? Date.parse(text) : Date.now() + ms;
  if (Number.isNaN(at))
    throw new CommandError("--expires cannot be read.", "Write a time (90d) or a date (2027-01-31).");
  return new Date(at).toISOString();
}
