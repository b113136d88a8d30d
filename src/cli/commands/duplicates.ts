import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

const searchSchema = z.looseObject({
  id: z.int(),
  since: z.string().nullable(),
  startedAt: z.string(),
  startedBy: z.string(),
  endedAt: z.string().nullable(),
  records: z.int(),
  looked: z.int(),
  opened: z.int(),
});

const args = {
  search: { type: "boolean", description: "Look for duplicates now, among what has changed since the last search" },
  all: { type: "boolean", description: "With --search: among all records" },
  ...jsonArg,
  ...gatewayArgs,
} as const;

const PATH = "/v1/duplicates/searches";

export const duplicatesCommand = (terminal: Terminal) =>
  defineCommand({
    meta: {
      name: "kobling duplicates",
      description: "Kundeemner that may be one company: look for them, and how far that is",
    },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "duplicates");
      const gateway = openGateway(terminal, given);
      if (given.search) await gateway.ask(searchSchema, "POST", PATH, { body: { all: given.all === true } });
      const { items } = await gateway.ask(z.looseObject({ items: z.array(searchSchema) }), "GET", PATH);
      if (given.json) return terminal.out(JSON.stringify(items, null, 2));
      if (items.length === 0) return terminal.out("No search yet; `kobling duplicates --search` begins one.");
      const rows = items.map((each) => [
        ...[each.id, each.startedAt, each.startedBy, each.since ?? "all"],
        ...[each.looked, each.records, each.opened, each.endedAt ?? "under way"],
      ]);
      for (const line of table(["search", "started", "by", "changed since", "looked", "of", "cases", "ended"], rows))
        terminal.out(line);
      terminal.out("`kobling review list --kind duplicate` shows the cases.");
    },
  });
