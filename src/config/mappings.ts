import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { compileMapping } from "../mappings/compile.ts";
import type { CompiledMapping, Mapping } from "../mappings/mapping.ts";
import { asMapping, mappingSchema } from "../mappings/mapping-schema.ts";
import { type Fault, type PathPart, pathText } from "./faults.ts";
import { CONFIG_FILE, faultsOf } from "./read.ts";
import { type References, readYamlFile, type YamlFile } from "./yaml-file.ts";

export interface MappingInForce {
  readonly mapping: Mapping;
  readonly compiled: CompiledMapping;
}

export interface ReadMappings {
  /** By connection and object. */
  readonly mappings: ReadonlyMap<string, ReadonlyMap<string, MappingInForce>>;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

export interface MappingOptions extends References {
  /** `KOBLING_CONFIG_DIR`. */
  readonly folder: string;
  readonly connectors: readonly {
    readonly name: string;
    readonly mappings: Readonly<Record<string, Mapping>>;
    readonly statesTimes?: boolean;
  }[];
  /** In place of the connections that kobling.yaml names: a configuration that came another way. */
  readonly connections?: Readonly<
    Record<string, { readonly connector: string; readonly objects: Readonly<Record<string, unknown>> }>
  >;
}

/**
 * The mappings in force, by connection and object: the connector's, each replaced whole by
 * `mappings/<connection>.<object>.yaml` or `mappings/<connector>.<object>.yaml` where there is one. Which connections there
 * are is read from kobling.yaml as far as it can be made out, so that these faults are told together with its others.
 */
export function readMappings(options: MappingOptions): ReadMappings {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  const own = new Map(ownMappings(options, faults).map((each) => [each.name, each]));
  const path = join(options.folder, CONFIG_FILE);
  const file = existsSync(path) ? readYamlFile(path, options) : undefined;
  const mappings = new Map<string, ReadonlyMap<string, MappingInForce>>();
  const used = new Set<string>();
  for (const { name, connector, objects } of wishedObjects(options.connections ?? recordOf(file?.value).connections)) {
    const shipped = options.connectors.find((each) => each.name === connector);
    const inForce = new Map<string, MappingInForce>();
    for (const object of objects) {
      const names = [`${name}.${object}`, `${connector}.${object}`];
      for (const each of names) used.add(each);
      const replaced = names.map((each) => own.get(each)).find((each) => each !== undefined);
      if (replaced !== undefined && replaced.mapping === undefined) continue; // its faults are told
      const mapping = replaced?.mapping ?? shipped?.mappings[object];
      if (mapping === undefined) {
        // a connector that there is not is told by kobling.yaml's own check
        if (shipped !== undefined) faults.push(missing(file, path, { name, connector, object }, shipped.mappings));
        continue;
      }
      if (replaced !== undefined && mapping.object !== object) {
        faults.push(
          replaced.file.fault({
            path: ["object"],
            rule: `The file is for the object ${object} and this is another.`,
            wayOut: `Write ${object}, or rename the file.`,
          }),
        );
        continue;
      }
      const result = compileMapping(mapping);
      if ("mapping" in result) inForce.set(object, { mapping, compiled: result.mapping });
      else faults.push(...result.faults.map((text) => compileFault(text, mapping, replaced?.file, path)));
    }
    mappings.set(name, inForce);
  }
  for (const { name, file: unused } of own.values()) {
    if (used.has(name)) continue;
    const wayOut =
      "Name it <connection>.<object>.yaml or <connector>.<object>.yaml as kobling.yaml does, or remove it.";
    warnings.push(unused.fault({ path: [], rule: "No connection uses this mapping.", wayOut }));
  }
  if (file !== undefined) warnings.push(...unorderedClashes(file, mappings, own, options));
  return { mappings, faults, warnings };
}

interface OwnMapping {
  /** The file's name without its ending. */
  readonly name: string;
  readonly file: YamlFile;
  /** Undefined when it has faults. */
  readonly mapping: Mapping | undefined;
}

function ownMappings(options: MappingOptions, faults: Fault[]): OwnMapping[] {
  const place = join(options.folder, "mappings");
  if (!existsSync(place)) return [];
  const names = readdirSync(place).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().map((name) => {
    const file = readYamlFile(join(place, name), options);
    faults.push(...file.faults);
    const read = mappingSchema.safeParse(file.value, { reportInput: true });
    if (file.faults.length === 0) faults.push(...faultsOf(read, file, [], mappingSchema));
    const mapping = read.success ? asMapping(read.data) : undefined;
    return { name: name.replace(/\.ya?ml$/, ""), file, mapping };
  });
}

interface Wished {
  readonly name: string;
  readonly connector: string;
  readonly objects: readonly string[];
}

function wishedObjects(connections: unknown): Wished[] {
  return Object.entries(recordOf(connections)).map(([name, each]) => {
    const { connector, objects } = recordOf(each);
    return { name, connector: String(connector ?? ""), objects: Object.keys(recordOf(objects)) };
  });
}

function missing(
  file: YamlFile | undefined,
  config: string,
  { name, connector, object }: { name: string; connector: string; object: string },
  shipped: Readonly<Record<string, Mapping>>,
): Fault {
  const path = ["connections", name, "objects", object];
  const rule = `The connector ${connector} has no mapping for this object.`;
  const wayOut = `Write one of ${Object.keys(shipped).join(", ")}, or add mappings/${name}.${object}.yaml.`;
  if (file !== undefined) return file.fault({ path, rule, wayOut, isName: true });
  return { file: config, line: undefined, column: undefined, path: pathText(path), rule, wayOut };
}

/** The compiler names the line of a fault (`mapping debitor, line telefon: …`); here it gets its place in the file. */
function compileFault(text: string, mapping: Mapping, file: YamlFile | undefined, config: string): Fault {
  const wayOut = "docs/mapping-language.md says what a line may hold.";
  const rule = /[.!?]$/.test(text) ? text : `${text}.`;
  if (file === undefined) return { file: config, line: undefined, column: undefined, path: "", rule, wayOut };
  const name = /^mapping \S+, line ([^:]+):/.exec(text)?.[1];
  const at = mapping.fields.findIndex((line) => (line.field ?? line.fields?.join(", ")) === name);
  return file.fault({ path: at === -1 ? [] : ["fields", at], rule, wayOut });
}

/**
 * `most_recent` that the operator chose where a remote states no time of a change: then the order of two edits is known
 * only when they did not fall between the same two readings (rule R3).
 */
function unorderedClashes(
  file: YamlFile,
  mappings: ReadMappings["mappings"],
  own: ReadonlyMap<string, OwnMapping>,
  { connectors }: MappingOptions,
): Fault[] {
  const timeless = wishedObjects(recordOf(file.value).connections).filter(
    ({ connector }) => connectors.find((each) => each.name === connector)?.statesTimes === false,
  );
  const told: Fault[] = [];
  const tell = (at: YamlFile, path: readonly PathPart[], names: readonly string[]) =>
    told.push(
      at.fault({
        path,
        rule: `most_recent: no time of a change is stated by ${names.join(" or ")}, so of two edits between the same two readings nobody knows the later one, and the then rule decides (rule R3).`,
        wayOut: "Poll more often, say then: owner with an owner, or choose another rule.",
        isName: true,
      }),
    );
  const hasUnit = (name: string, unit: string) =>
    [...(mappings.get(name)?.values() ?? [])].some(({ compiled }) =>
      compiled.units.some((each) => each.direction !== "out" && (each.unit === unit || each.keys.includes(unit))),
    );
  for (const [unit, rule] of Object.entries(recordOf(recordOf(file.value).survivorship))) {
    if (recordOf(rule).rule !== "most_recent") continue;
    const names = timeless.map(({ name }) => name).filter((name) => hasUnit(name, unit));
    if (names.length > 0) tell(file, ["survivorship", unit], names);
  }
  for (const { name, connector, objects } of timeless) {
    for (const object of objects) {
      const replaced = own.get(`${name}.${object}`) ?? own.get(`${connector}.${object}`);
      for (const [at, line] of (replaced?.mapping?.fields ?? []).entries()) {
        if (replaced !== undefined && line.survivorship?.rule === "most_recent" && line.direction !== "out")
          tell(replaced.file, ["fields", at], [name]);
      }
    }
  }
  return told;
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
