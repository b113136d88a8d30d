import { defineCommand } from "citty";
import { formatFault } from "../../config/faults.ts";
import { readMappings } from "../../config/mappings.ts";
import { checkConfiguration } from "../../config.ts";
import { connectors } from "../../connectors/index.ts";
import { knownUnitNames } from "../../model/catalogue.ts";
import { refuseUnknown } from "../arguments.ts";
import { tryConnections } from "../live-test.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const args = {
  live: { type: "boolean", description: "Sign in at each connection too and read one object; writes nothing" },
} as const;

export const checkCommand = (terminal: Terminal) =>
  defineCommand({
    meta: {
      name: "kobling check",
      description: "Tell every fault of the configuration, each with its place and a way out",
    },
    args,
    async run({ args: given }) {
      refuseUnknown(given, args, "check");
      const { env } = terminal;
      const checked = checkConfiguration({
        env,
        connectors: Object.fromEntries(connectors.map((each) => [each.name, each])),
        knownFields: knownUnitNames,
      });
      const { folder, redactor, config } = checked;
      const read = readMappings({ folder, env, redactor, connectors });
      const faults = [...checked.faults, ...read.faults];
      const warnings = [...checked.warnings, ...read.warnings];
      const say = (line: string) => terminal.out(redactor.mask(line));
      for (const fault of faults) say(formatFault(fault));
      for (const warning of warnings) say(`warning: ${formatFault(warning)}`);
      const unwise = warnings.length === 0 ? "" : ` and ${counted(warnings.length, "warning")}`;
      if (config === undefined || faults.length > 0) {
        throw new CommandError(`The configuration has ${counted(faults.length, "fault")}${unwise}.`);
      }
      const names = Object.keys(config.connections);
      const objects = Object.values(config.connections).flatMap((each) => Object.keys(each.objects));
      say(`No faults${unwise}: ${counted(names.length, "connection")}, ${counted(objects.length, "object")}.`);
      if (!given.live) return;
      const failed = await tryConnections({ config, mappings: read.mappings, redactor }, say);
      if (failed.length > 0) throw new CommandError(`Not in order: ${failed.join(", ")}.`);
    },
  });

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
