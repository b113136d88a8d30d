import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { type GatewayClient, gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { outline } from "../table.ts";
import { CommandError, type Terminal } from "../terminal.ts";

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
      const id = given.id.includes("/") ? await recordOf(gateway, given.id) : given.id;
      const path = `/v1/kundeemner/${encodeURIComponent(id)}/explain`;
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

const linksSchema = z.looseObject({
  items: z.array(z.looseObject({ entity: z.string(), entityId: z.string().nullable() })),
});

/** The Kundeemne that `erp/debitor/1001` is linked with. */
async function recordOf(gateway: GatewayClient, place: string): Promise<string> {
  const [connection = "", object = "", ...rest] = place.split("/");
  const query = { connection, object, externalId: rest.join("/") };
  const { items } = await gateway.ask(linksSchema, "GET", "/v1/links", { query });
  const found = items.find((link) => link.entity === "kundeemne")?.entityId;
  if (typeof found === "string") return found;
  throw new CommandError(
    `${place} is not linked with a Kundeemne.`,
    "Write connection/object/externalId as in erp/debitor/1001, or the id of the Kundeemne.",
  );
}
