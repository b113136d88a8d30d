import { defineCommand } from "citty";
import { readTime, refuseUnknown } from "../arguments.ts";
import { gatewayArgs, openGateway } from "../gateway-client.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const place = {
  id: { type: "positional", description: "Id of the Kundeemne", required: true },
  field: { type: "positional", description: "Field or group", required: true },
  contact: { type: "string", description: "Id of a contact of it, whose field is meant", valueHint: "id" },
  ...gatewayArgs,
} as const;
const pinArgs = {
  ...place,
  why: { type: "string", description: "Reason, shown where the pin holds something back", valueHint: "reason" },
  until: {
    type: "string",
    description: "When the pin ends: 2026-12-31 or an instant with its offset",
    valueHint: "time",
  },
} as const;

export const pinCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling pin", description: "Fix a field on one record: no system changes it, it still goes out" },
    args: pinArgs,
    async run({ args: given }) {
      refuseUnknown(given, pinArgs, "pin");
      const { field, why, until } = given;
      if (why === undefined) throw new CommandError("A pin needs a reason.", `Give one with --why "…".`);
      const body = { reason: why, ...(until === undefined ? {} : { until: readTime(until, "--until") }) };
      await openGateway(terminal, given).act("PUT", pathOf(given), { body });
      terminal.out(`${field} is pinned. Take the pin off with \`kobling unpin ${given.id} ${field}\`.`);
    },
  });

export const unpinCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling unpin", description: "Take a pin off a field" },
    args: place,
    async run({ args: given }) {
      refuseUnknown(given, place, "unpin");
      await openGateway(terminal, given).act("DELETE", pathOf(given));
      terminal.out(`${given.field} is no longer pinned.`);
    },
  });

function pathOf({ id, contact, field }: { id: string; contact?: string | undefined; field: string }): string {
  const record = [`/v1/kundeemner/${encodeURIComponent(id)}`];
  if (contact !== undefined) record.push("kontaktpersoner", encodeURIComponent(contact));
  return [...record, "pins", encodeURIComponent(field)].join("/");
}
