import { defineCommand } from "citty";
import { z } from "zod";
import { readId, refuseUnknown } from "../arguments.ts";
import { gatewayArgs, openGateway } from "../gateway-client.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const args = {
  connection: { type: "positional", description: "Name of the connection", required: true },
  object: { type: "positional", description: "Object that is to be written", required: true },
  preview: { type: "string", description: "Id of the preview that you have seen", required: true, valueHint: "id" },
  direction: {
    type: "string",
    description: "in, out or both; without it what the configuration wishes",
    valueHint: "direction",
  },
  ...gatewayArgs,
} as const;

export const releaseCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling release", description: "Let an object be written, after a preview that is still fresh" },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "release");
      const { connection, object, direction } = given;
      const { releasedIn, releasedOut } = await openGateway(terminal, given).ask(
        z.looseObject({ releasedIn: z.boolean(), releasedOut: z.boolean() }),
        "POST",
        `/v1/connections/${encodeURIComponent(connection)}/release`,
        {
          body: {
            object,
            preview: readId(given.preview, "The preview"),
            ...(direction === undefined ? {} : { direction }),
          },
        },
      );
      const ways = [...(releasedIn ? ["in"] : []), ...(releasedOut ? ["out"] : [])];
      if (ways.length === 0) throw new CommandError(`Nothing of ${connection} ${object} is wished in that direction.`);
      terminal.out(`${connection} ${object} is released: ${ways.join(" and ")}. See \`kobling status\`.`);
    },
  });
