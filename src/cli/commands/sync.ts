import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { endedRun, type Run, runSchema, whyOf } from "../runs.ts";
import { table } from "../table.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const connectionSchema = z.looseObject({
  state: z.string(),
  reason: z.string().nullable(),
  objects: z.array(z.looseObject({ object: z.string(), direction: z.string(), armed: z.boolean() })),
});

const args = {
  connection: { type: "positional", description: "Name of the connection", required: true },
  object: { type: "string", description: "Only this object", valueHint: "object" },
  preview: { type: "boolean", description: "Only show what would happen; nothing is written" },
  full: { type: "boolean", description: "Read everything, not only what has changed" },
  ...jsonArg,
  ...gatewayArgs,
} as const;

export const syncCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling sync", description: "Read a connection now, or preview its first meeting" },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "sync");
      if (given.preview && given.full)
        throw new CommandError("A preview always reads everything.", "Leave --full out.");
      const gateway = openGateway(terminal, given);
      const path = `/v1/connections/${encodeURIComponent(given.connection)}`;
      const { state, reason, objects } = await gateway.ask(connectionSchema, "GET", path);
      if (state !== "active") {
        const why = reason === null ? "" : ` (${reason})`;
        throw new CommandError(
          `Connection ${given.connection} is ${state}${why}.`,
          `Take it up again with \`kobling resume ${given.connection}\`.`,
        );
      }
      const kind = given.preview ? "preview" : given.full ? "full" : "delta";
      const named = given.object === undefined ? undefined : [given.object];
      // A preview is of one object; without a name each that is wished gets its own.
      const wanted = named ?? (given.preview ? objects.filter(isWished).map((each) => each.object) : [undefined]);
      if (wanted.length === 0) throw new CommandError(`No object of ${given.connection} is switched on.`);
      const runs: Run[] = [];
      for (const object of wanted) {
        const body = { kind, ...(object === undefined ? {} : { object }) };
        runs.push(await endedRun(gateway, await gateway.ask(runSchema, "POST", `${path}/runs`, { body })));
      }
      if (given.json) terminal.out(JSON.stringify(runs, null, 2));
      else for (const line of runs.flatMap((run) => tellRun(given.connection, run))) terminal.out(line);
      const armed = objects.filter((each) => each.armed && (named?.includes(each.object) ?? true));
      if (!given.preview && !given.json && armed.length > 0) {
        const names = armed.map((each) => each.object).join(", ");
        terminal.tell(`Not released, so nothing of it is written: ${names}. See \`kobling sync --preview\`.`);
      }
      const partly = runs.find((run) => run.state === "partly");
      const failed = runs.find((run) => run.state !== "done" && run.state !== "partly");
      if (failed !== undefined)
        throw new CommandError(`Run ${failed.id} ended ${failed.state}${whyOf(failed.detail)}.`);
      if (partly !== undefined) {
        const told = `Run ${partly.id} is done but for ${partly.counts?.quarantined ?? 0} changes that were put aside.`;
        throw new CommandError(told, `See why with \`kobling quarantine list --connection ${given.connection}\`.`);
      }
    },
  });

const isWished = ({ direction }: { direction: string }): boolean => direction !== "off";

const effectWords: Readonly<Record<string, string>> = {
  read: "objects read",
  created: "Kundeemner or contacts created here",
  linked: "linked with what is here already",
  updated: "changed here",
  unchanged: "unchanged",
  held: "held for a person",
  quarantined: "put aside",
  fieldsFilled: "empty fields filled here",
  fieldsOverwritten: "fields overwritten here",
  fieldsCleared: "fields emptied here",
  fieldsOut: "fields written there",
  matchCases: "unsure matches for a person",
  conflicts: "fields in conflict for a person",
};

const thirdSchema = z.looseObject({
  thirdSystems: z.record(z.string(), z.looseObject({ updates: z.number(), creates: z.number() })),
});

function tellRun(connection: string, run: Run): string[] {
  const title = `${run.kind} ${run.id} of ${connection}${run.object === null ? "" : ` ${run.object}`}: ${run.state}`;
  const counts = Object.entries(run.counts ?? {}).filter(([name, count]) => count !== 0 || name === "read");
  const rows = counts.map(([name, count]) => [count, effectWords[name] ?? name]);
  const lines = [title, ...table(["", ""], rows).slice(1)];
  const third = thirdSchema.safeParse(run.detail);
  for (const [name, { updates, creates }] of Object.entries(third.success ? third.data.thirdSystems : {})) {
    lines.push(`at ${name}: ${updates} updates, ${creates} creates`);
  }
  if (run.kind === "preview" && run.state === "done") {
    lines.push(`Release it with: kobling release ${connection} ${run.object ?? "<object>"} --preview ${run.id}`);
  }
  return [...lines, ""];
}
