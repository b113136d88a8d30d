import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { recordOf } from "../record-of.ts";
import { outline } from "../table.ts";
import type { Terminal } from "../terminal.ts";

const args = {
  id: { type: "positional", description: "Id of a Kundeemne, or connection/object/externalId", required: true },
  field: { type: "positional", description: "Field or group; without it all of them", required: false },
  ...jsonArg,
  ...gatewayArgs,
} as const;

export const explainCommand = (terminal: Terminal) =>
  defineCommand({
    meta: {
      name: "kobling explain",
      description: "Why a field has the value it has, and why something did not go out",
    },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "explain");
      const gateway = openGateway(terminal, given);
      const path = `/v1/kundeemner/${encodeURIComponent(await recordOf(gateway, given.id))}/explain`;
      const told = await gateway.ask(z.record(z.string(), z.unknown()), "GET", path, { query: { field: given.field } });
      if (given.json) return terminal.out(JSON.stringify(told, null, 2));
      for (const [unit, why] of Object.entries(told)) {
        const text = textSchema.safeParse(why);
        for (const line of text.success ? [`${unit}: ${text.data.text}`] : outline({ [unit]: why })) terminal.out(line);
      }
    },
  });

/** The gateway's own words; all it knows is behind --json. */
const textSchema = z.looseObject({ text: z.string() });
