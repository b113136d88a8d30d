import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand } from "citty";
import { CONFIG_FILE } from "../../config/read.ts";
import { DEFAULT_CONFIG_FOLDER } from "../../config/settings.ts";
import { refuseUnknown } from "../arguments.ts";
import { starterConfig } from "../starter-config.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const SCHEMA = fileURLToPath(new URL("../../../config/schema/kobling.schema.json", import.meta.url));

export const initCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling init", description: "Write a first config/kobling.yaml to fill in" },
    run({ args }) {
      refuseUnknown(args, {}, "init");
      const folder = resolve(terminal.env.KOBLING_CONFIG_DIR || DEFAULT_CONFIG_FOLDER);
      const file = join(folder, CONFIG_FILE);
      mkdirSync(folder, { recursive: true });
      const schema = relative(folder, SCHEMA);
      try {
        writeFileSync(file, starterConfig(schema.startsWith(".") ? schema : `./${schema}`), { flag: "wx" });
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
        throw new CommandError(
          `${file} exists already and is left as it is.`,
          "Edit it, or move it away first. `kobling check` tells what is wrong with it.",
        );
      }
      terminal.out(`Wrote ${file}`);
      terminal.out("");
      terminal.out("1. Write the address of your KeyBalance into it, and put its token into KEYBALANCE_TOKEN.");
      terminal.out("2. kobling check --live             tells every fault, and tries the connections");
      terminal.out("3. kobling start                    (or npm start) shows the admin key once: keep it");
      terminal.out("4. kobling sync erp --preview       shows what would happen; nothing is written");
      terminal.out("5. kobling release erp debitor --preview <id>");
      terminal.out("");
      terminal.out("In a clone, kobling is bin/kobling, or npm run kobling -- in its folder.");
    },
  });
