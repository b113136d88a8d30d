import { resolve } from "node:path";
import { type Fault, formatFault } from "./config/faults.ts";
import { type ReadOptions, readConfig } from "./config/read.ts";
import type { KoblingConfig } from "./config/resolved.ts";
import { DEFAULT_CONFIG_FOLDER, readSettings, type Settings } from "./config/settings.ts";
import { ConnectionError } from "./lib/errors.ts";
import { redactor as newRedactor, type Redactor } from "./lib/secrets.ts";

/** The only file that reads the environment. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;

export interface Configuration {
  readonly settings: Settings;
  readonly config: KoblingConfig;
  readonly redactor: Redactor;
  readonly warnings: readonly Fault[];
}

/** All there is to say about the environment and `kobling.yaml`, for `kobling check`. */
export function checkConfiguration(
  options: Partial<Pick<ReadOptions, "connectors" | "knownFields" | "env" | "folder">> & {
    readonly redactor?: Redactor;
  } = {},
): Partial<Configuration> &
  Pick<Configuration, "redactor" | "warnings"> & {
    readonly faults: readonly Fault[];
    /** Where the configuration was looked for, absolute. */
    readonly folder: string;
  } {
  const { env = environment, redactor = newRedactor(), connectors, knownFields } = options;
  const { settings, faults } = readSettings(env, redactor);
  // found also when other settings have faults, so that all are told
  const folder = options.folder ?? settings?.configFolder ?? resolve(env.KOBLING_CONFIG_DIR || DEFAULT_CONFIG_FOLDER);
  const read = readConfig({
    folder,
    env,
    redactor,
    ...(connectors === undefined ? {} : { connectors }),
    ...(knownFields === undefined ? {} : { knownFields }),
  });
  return {
    redactor,
    folder,
    faults: [...faults, ...read.faults],
    warnings: read.warnings,
    ...(settings === undefined ? {} : { settings }),
    ...(read.config === undefined ? {} : { config: read.config }),
  };
}

/** The configuration to start with. Throws ConnectionError `bad_configuration` whose message holds every fault, a line each. */
export function loadConfiguration(options: Parameters<typeof checkConfiguration>[0] = {}): Configuration {
  const { settings, config, redactor, warnings, faults } = checkConfiguration(options);
  if (settings && config && faults.length === 0) return { settings, config, redactor, warnings };
  const message = ["The configuration has faults:", ...faults.map(formatFault)].join("\n");
  throw new ConnectionError("bad_configuration", message, { context: { faults: faults.length } });
}
