import { defineCommand } from "citty";
import { refuseUnknown } from "../arguments.ts";
import type { Terminal } from "../terminal.ts";

export const startCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling start", description: "Start the gateway here, until Ctrl-C or SIGTERM" },
    async run({ args }) {
      refuseUnknown(args, {}, "start");
      // Loaded here, since no other command needs the whole gateway in memory.
      const { runUntilStopped } = await import("../../main.ts");
      await runUntilStopped(terminal.env);
    },
  });
