import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ZodType, z } from "zod";
import { type Fault, type PathPart, tellIssue } from "./faults.ts";
import { type ConnectorDefaults, type KoblingConfig, resolveConfig, sideOf } from "./resolved.ts";
import { type ConfigFile, configSchema, sides } from "./schema.ts";
import { type References, readYamlFile, type YamlFile } from "./yaml-file.ts";

export const CONFIG_FILE = "kobling.yaml";

export interface ReadOptions extends References {
  /** `KOBLING_CONFIG_DIR`. */
  readonly folder: string;
  /** The connectors there are; their declarations fit. Without it, connectors and their settings are not checked. */
  readonly connectors?: Readonly<Record<string, ConnectorDefaults & { readonly settings: ZodType }>>;
  /** Fields and groups of the catalogue. Without it, names of fields are not checked. */
  readonly knownFields?: ReadonlySet<string>;
}

export interface ReadConfig {
  /** Undefined when there is any fault. */
  readonly config: KoblingConfig | undefined;
  /** All there are, in the order of the file. */
  readonly faults: readonly Fault[];
  /** What is allowed but unwise. */
  readonly warnings: readonly Fault[];
}

/** Reads and checks `kobling.yaml` whole; throws nothing for what an operator wrote. */
export function readConfig(options: ReadOptions): ReadConfig {
  const path = join(options.folder, CONFIG_FILE);
  if (!existsSync(path)) {
    const rule = "There is no configuration.";
    const wayOut =
      "Make one with `kobling init` (in a clone: `npm run kobling -- init`), or name its folder in KOBLING_CONFIG_DIR.";
    const fault = { file: path, line: undefined, column: undefined, path: "", rule, wayOut };
    return { config: undefined, faults: [fault], warnings: [] };
  }
  const file = readYamlFile(path, options);
  if (file.value === undefined) return { config: undefined, faults: file.faults, warnings: [] };
  const faults = [...file.faults];
  const parsed = configSchema.safeParse(file.value ?? {}, { reportInput: true });
  faults.push(...faultsOf(parsed, file));
  const raw = looseConnections(file.value);
  faults.push(...settingsFaults(raw, options, file));
  const warnings = literalSecrets(raw, file, options);
  if (parsed.success) {
    faults.push(...crossFaults(parsed.data, options, file));
    warnings.push(...literalSigning(parsed.data, file, options));
  }
  faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  if (!parsed.success || faults.length > 0) return { config: undefined, faults, warnings };
  const config = withParsedSettings(resolveConfig(parsed.data, options.connectors), options);
  return { config, faults, warnings };
}

/** The faults of a zod result, each with its place. `prefix` is where in the file the parsed value stands. */
export function faultsOf(
  parsed: z.ZodSafeParseResult<unknown>,
  file: YamlFile,
  prefix: readonly PathPart[] = [],
  schema: unknown = configSchema,
): Fault[] {
  if (parsed.success) return [];
  return parsed.error.issues
    .flatMap((issue) => tellIssue(issue, (path) => knownKeys(schema, path)))
    .map((told) => file.fault({ ...told, path: [...prefix, ...told.path] }));
}

interface LooseConnection {
  readonly name: string;
  readonly connector: unknown;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The connections as far as they can be made out, so that settings are checked though other parts have faults. */
function looseConnections(value: unknown): LooseConnection[] {
  if (!isRecord(value) || !isRecord(value.connections)) return [];
  return Object.entries(value.connections).flatMap(([name, each]) => {
    if (!isRecord(each) || (each.settings !== undefined && !isRecord(each.settings))) return [];
    return [{ name, connector: each.connector, settings: isRecord(each.settings) ? each.settings : {} }];
  });
}

function settingsFaults(raw: readonly LooseConnection[], { connectors }: ReadOptions, file: YamlFile): Fault[] {
  if (connectors === undefined) return [];
  return raw.flatMap(({ name, connector, settings }) => {
    if (typeof connector !== "string") return []; // its own fault
    const known = connectors[connector];
    if (known === undefined) {
      const wayOut = `Write one of: ${Object.keys(connectors).join(", ")}.`;
      return [file.fault({ path: ["connections", name, "connector"], rule: "There is no such connector.", wayOut })];
    }
    const parsed = known.settings.safeParse(settings, { reportInput: true });
    return faultsOf(parsed, file, ["connections", name, "settings"], known.settings);
  });
}

function withParsedSettings(config: KoblingConfig, { connectors }: ReadOptions): KoblingConfig {
  if (connectors === undefined) return config;
  const parsed = Object.values(config.connections).map((each) => {
    const settings = connectors[each.connector]?.settings.parse(each.settings) ?? each.settings;
    return [each.name, { ...each, settings }] as const;
  });
  return { ...config, connections: Object.fromEntries(parsed) };
}

const SECRET_NAME = /token|password|secret|api_?key|credential/i;

/** Secrets written out in the file are masked all the same, and warned of. */
function literalSecrets(raw: readonly LooseConnection[], file: YamlFile, { redactor }: ReadOptions): Fault[] {
  return raw.flatMap(({ name, settings }) =>
    Object.entries(settings).flatMap(([key, value]) => {
      if (!SECRET_NAME.test(key) || typeof value !== "string" || value === "") return [];
      redactor.add(value);
      return literal(["connections", name, "settings", key], file);
    }),
  );
}

function literalSigning({ connections }: ConfigFile, file: YamlFile, { redactor }: ReadOptions): Fault[] {
  return Object.entries(connections).flatMap(([name, { handOver }]) =>
    Object.entries(handOver).flatMap(([kind, { secret }]) => {
      redactor.add(secret);
      return literal(["connections", name, "handOver", kind, "secret"], file);
    }),
  );
}

function literal(path: readonly PathPart[], file: YamlFile): Fault[] {
  if (file.isReference(path)) return [];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what the operator is to write
  return [file.fault({ path, rule: "A secret stands in the file.", wayOut: "Write ${NAME} or file:PATH instead." })];
}

function crossFaults(config: ConfigFile, { knownFields, connectors }: ReadOptions, file: YamlFile): Fault[] {
  const faults: Fault[] = [];
  const tell = (path: readonly PathPart[], rule: string, wayOut: string) =>
    faults.push(file.fault({ path, rule, wayOut }));
  const tellName = (path: readonly PathPart[], rule: string, wayOut: string) =>
    faults.push(file.fault({ path, rule, wayOut, isName: true }));
  const crmOf = new Map<string, string>();
  for (const [name, connection] of Object.entries(config.connections)) {
    const known = connectors?.[connection.connector];
    const kinds = new Set(Object.values(known?.directory?.calls ?? {}));
    for (const kind of Object.keys(connection.prices)) {
      if (connectors === undefined || kinds.has(kind)) continue;
      const wayOut = kinds.size === 0 ? "Leave it out." : `Write one of: ${[...kinds].join(", ")}.`;
      tellName(["connections", name, "prices", kind], "This connector makes no calls of this kind.", wayOut);
    }
    if (connection.refresh.costPerDay !== undefined && Object.keys(connection.prices).length === 0)
      tell(
        ["connections", name, "refresh", "costPerDay"],
        "Without prices no call costs anything, and nothing is limited.",
        "Write prices, or leave it out.",
      );
    // What a person carries in is the CRM's own hand, beside the one CRM.
    if (known?.byHand === true || known?.directory !== undefined) continue;
    for (const [key, object] of Object.entries(connection.objects)) {
      const kind = object.as ?? key;
      if (object.direction === "off" || sideOf(key, object.side, connection.side) !== "crm") continue;
      const other = crmOf.get(kind);
      crmOf.set(kind, name);
      if (other === undefined || other === name) continue;
      const rule = `Only one connection may be the CRM of ${kind}; ${other} is (rule R1).`;
      tell(["connections", name, "objects", key], rule, "Write side: ledger at one of them, or direction: off.");
    }
  }
  for (const [field, rule] of Object.entries(config.survivorship)) {
    for (const [at, source] of (rule.order ?? []).entries()) {
      if (isSource(source, config)) continue;
      const wayOut = `Write one of: ${[...sides, ...Object.keys(config.connections)].join(", ")}.`;
      tell(["survivorship", field, "order", at], "There is no such side or connection.", wayOut);
    }
  }
  const named = [
    ...Object.keys(config.survivorship).map((field): PathPart[] => ["survivorship", field]),
    ...Object.keys(config.updatePolicy).map((field): PathPart[] => ["updatePolicy", field]),
    ...Object.entries(config.connections).flatMap(([name, connection]) =>
      Object.keys(connection.updatePolicy).map((field): PathPart[] => ["connections", name, "updatePolicy", field]),
    ),
  ];
  for (const path of named) {
    const field = String(path.at(-1));
    if (knownFields === undefined || knownFields.has(field) || (field === "*" && path[0] !== "survivorship")) continue;
    tellName(
      path,
      "There is no such field or group.",
      "Name a field as the catalogue does (docs: fields), fields of a group by the group.",
    );
  }
  return faults;
}

/** A side, a connection, or `side:connector`. */
function isSource(source: string, config: ConfigFile): boolean {
  const side = source.split(":")[0] ?? "";
  return source in config.connections || sides.some((known) => known === side);
}

/** The settings that an object of a zod schema knows at a path, for `did you mean`. */
function knownKeys(schema: unknown, path: readonly PathPart[]): string[] {
  let at = unwrap(schema);
  for (const part of path) {
    if (at?.type === "object") at = unwrap(at.shape?.[String(part)]);
    else if (at?.type === "record") at = unwrap(at.valueType);
    else if (at?.type === "array") at = unwrap(at.element);
    else return [];
  }
  return at?.type === "object" ? Object.keys(at.shape ?? {}) : [];
}

/** The few parts of a zod definition that are read here. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly valueType?: unknown;
  readonly element?: unknown;
  readonly innerType?: unknown;
  readonly in?: unknown;
}

function unwrap(schema: unknown): Definition | undefined {
  const definition = (schema as { def?: Definition } | undefined)?.def; // every zod schema has one
  const inner = definition?.innerType ?? (definition?.type === "pipe" ? definition.in : undefined);
  return inner === undefined ? definition : unwrap(inner);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
