import { z } from "zod";
import type { GatewayClient } from "./gateway-client.ts";
import { CommandError } from "./terminal.ts";

const linksSchema = z.looseObject({
  items: z.array(z.looseObject({ entity: z.string(), entityId: z.string().nullable() })),
});

/** The id of a Kundeemne that a person names by it, or as `erp/debitor/1001`. Throws CommandError. */
export async function recordOf(gateway: GatewayClient, place: string): Promise<string> {
  if (!place.includes("/")) return place;
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
