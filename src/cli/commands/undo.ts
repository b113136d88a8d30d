import { defineCommand } from "citty";
import { z } from "zod";
import { readId, refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { endedRun, runSchema, whyOf } from "../runs.ts";
import { table } from "../table.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const MOST_LISTED = 50;

const args = {
  run: { type: "positional", description: "Id of the run whose writes are undone", required: true },
  preview: { type: "boolean", description: "Only show what would be undone; nothing is written" },
  pin: { type: "boolean", description: "Also undo what a remote holds that may not be written: it is pinned" },
  ...jsonArg,
  ...gatewayArgs,
} as const;

const itemSchema = z.looseObject({ object: z.string(), externalId: z.string(), plan: z.string() });

export const undoCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling undo", description: "Undo what a run has written, where nobody has changed it since" },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "undo");
      const gateway = openGateway(terminal, given);
      const body = { preview: given.preview === true, pin: given.pin === true };
      const path = `/v1/runs/${readId(given.run, "The run")}/undo`;
      const run = await endedRun(gateway, await gateway.ask(runSchema, "POST", path, { body }));
      const { items } = await gateway.list(itemSchema, `/v1/runs/${run.id}/items`, {}, Number.MAX_SAFE_INTEGER);
      const left = items.filter(({ plan }) => !DONE.has(plan));
      if (given.json) terminal.out(JSON.stringify({ run, left }, null, 2));
      else {
        terminal.out(
          given.preview
            ? `Undoing run ${given.run} would come to this; nothing is written:`
            : `Run ${given.run} is undone by run ${run.id}:`,
        );
        const counts = Object.entries(run.counts ?? {}).filter(([name]) => name !== "read");
        for (const line of table(
          ["", ""],
          counts.map(([name, count]) => [count, words[name] ?? name]),
        ).slice(1))
          terminal.out(line);
        if (counts.length === 0) terminal.out("It has written nothing that can be undone.");
        for (const { object, externalId, plan } of left.slice(0, MOST_LISTED))
          terminal.out(`${object} ${externalId}: ${words[plan] ?? plan}`);
        if (left.length > MOST_LISTED)
          terminal.out(`and ${left.length - MOST_LISTED} more: --json shows all that stays as it is.`);
        if (!given.preview) terminal.out(`Undo the undo with: kobling undo ${run.id}`);
      }
      if (run.state !== "done") throw new CommandError(`Run ${run.id} ended ${run.state}${whyOf(run.detail)}.`);
    },
  });

const DONE = new Set(["undone", "archived", "unlinked"]);

const words: Readonly<Record<string, string>> = {
  undone: "undone",
  archived: "made by the run: archived",
  unlinked: "made by the run: unlinked",
  changed_since: "changed since: stays",
  needs_pin: "held by a remote that may not be written: --pin undoes it and pins it",
  held: "an open case holds it: decide that",
  consent: "a withdrawn consent is not given again",
  protection: "a protection is left as it is",
  erased: "erased",
  expired: "expired",
  record_archived: "the record is archived",
  merged: "merged into another record",
  restricted: "the record is restricted",
  part_of_group: "part of a group that the first meeting filled: stays",
  required: "a record cannot be without it",
  no_link: "a contact without a link: remove it by hand",
  gone: "the record is gone",
  failed: "failed: see the log",
};
