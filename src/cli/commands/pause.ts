import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { type GatewayClient, gatewayArgs, openGateway } from "../gateway-client.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const args = {
  connection: { type: "positional", description: "Name of the connection", required: false },
  all: { type: "boolean", description: "Every connection" },
  why: { type: "string", description: "Reason, shown in status", valueHint: "reason" },
  ...gatewayArgs,
} as const;

export const pauseCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling pause", description: "Read and write nothing at a connection, or at all of them" },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "pause");
      const { connection, all, why } = given;
      assertOne(connection, all, "pause");
      const gateway = openGateway(terminal, given);
      const path = connection === undefined ? "/v1/pause" : pathOf(connection, "pause");
      await gateway.act("POST", path, { query: { why } });
      const what = connection === undefined ? "Every connection" : `Connection ${connection}`;
      terminal.out(`${what} is paused. What is pushed meanwhile is kept. Go on with \`kobling resume\`.`);
    },
  });

export const resumeCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling resume", description: "Take a paused or stopped connection up again" },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "resume");
      const { connection, all, why } = given;
      assertOne(connection, all, "resume");
      const gateway = openGateway(terminal, given);
      const names = connection === undefined ? await resting(gateway) : [connection];
      for (const name of names) await gateway.act("POST", pathOf(name, "resume"), { query: { why } });
      terminal.out(names.length === 0 ? "No connection is paused." : `Taken up again: ${names.join(", ")}.`);
    },
  });

const pathOf = (connection: string, act: string): string => `/v1/connections/${encodeURIComponent(connection)}/${act}`;

function assertOne(connection: string | undefined, all: boolean | undefined, act: string): void {
  if ((connection === undefined) === (all === true)) return;
  const wayOut = `Write \`kobling ${act} <connection>\` or \`kobling ${act} --all\`.`;
  throw new CommandError(connection === undefined ? "Which connection?" : "A connection, or all of them?", wayOut);
}

const connectionsSchema = z.looseObject({
  items: z.array(z.looseObject({ name: z.string(), state: z.string(), configured: z.boolean() })),
});

/** Connections of the configuration that are not active. */
async function resting(gateway: GatewayClient): Promise<string[]> {
  const { items } = await gateway.ask(connectionsSchema, "GET", "/v1/connections");
  return items.filter(({ state, configured }) => configured && state !== "active").map(({ name }) => name);
}
