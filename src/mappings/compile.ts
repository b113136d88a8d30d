import { contentHash } from "../lib/hash.ts";
import { type Catalogue, catalogueOf, type Values } from "../model/catalogue.ts";
import { cleanText } from "./codecs/text.ts";
import { compileLine, type ReadyLine } from "./compile-line.ts";
import { isWithheld } from "./line.ts";
import type {
  CompiledMapping,
  FieldFault,
  MappedUnit,
  Mapping,
  Read,
  RemoteImage,
  Withheld,
  Written,
} from "./mapping.ts";
import { mappingSchema } from "./mapping-schema.ts";

export type Compiled = { readonly mapping: CompiledMapping } | { readonly faults: readonly string[] };

/**
 * Checks a mapping against the catalogue and makes it ready to read and write. All faults are told at once, each naming
 * its line; with one fault there is no mapping.
 */
export function compileMapping(mapping: Mapping, catalogue: Catalogue = catalogueOf(mapping.as)): Compiled {
  const shape = mappingSchema.safeParse(mapping);
  if (!shape.success) {
    return {
      faults: shape.error.issues.map((issue) =>
        `mapping ${mapping.object}: ${issue.path.join(".")} ${issue.message}`.trim(),
      ),
    };
  }
  const faults: string[] = [];
  const lines: ReadyLine[] = [];
  for (const line of mapping.fields) {
    const ready = compileLine(line, catalogue, mapping.empty === "null" ? null : "");
    if ("faults" in ready)
      faults.push(...ready.faults.map((fault) => `mapping ${mapping.object}, ${nameOf(line)}: ${fault}`));
    else lines.push(ready);
  }
  const units = unitsOf(lines, (fault) => faults.push(`mapping ${mapping.object}, ${fault}`));
  if (faults.length > 0) return { faults };
  return { mapping: ready(mapping, units) };
}

const nameOf = (line: Mapping["fields"][number]): string => `line ${line.field ?? line.fields?.join(", ") ?? "?"}`;

interface ReadyUnit {
  readonly mapped: MappedUnit;
  readonly lines: readonly ReadyLine[];
}

/** Lines of one group are one unit (rule R2), so what is said of its direction must be said alike. */
function unitsOf(lines: readonly ReadyLine[], fault: (text: string) => void): ReadyUnit[] {
  const byUnit = Map.groupBy(lines, (line) => line.unit);
  const written = new Map<string, string>();
  const units: ReadyUnit[] = [];
  for (const [unit, own] of byUnit) {
    const first = own[0];
    if (first === undefined) continue;
    for (const each of own) {
      for (const option of ["direction", "write", "emptyMeansUnknown", "assignedByRemote", "token"] as const) {
        if (each[option] !== first[option]) fault(`${unit}: its lines differ in ${option}, and a group is one value`);
      }
      if (contentHash(each.survivorship) !== contentHash(first.survivorship)) {
        fault(`${unit}: its lines differ in survivorship, and a group is one value`);
      }
    }
    const keys = own.flatMap((line) => line.line.keys);
    for (const key of new Set(keys.filter((key, at) => keys.indexOf(key) !== at))) fault(`${key} is mapped twice`);
    if (first.direction !== "in") {
      for (const remote of own.flatMap((line) => line.line.remotes)) {
        const other = written.get(remote);
        if (other !== undefined) fault(`${remote} is written by ${other} and by ${unit}`);
        written.set(remote, unit);
      }
    }
    const { direction, write, survivorship, emptyMeansUnknown, assignedByRemote, token, view } = first;
    units.push({
      lines: own,
      mapped: {
        unit,
        keys,
        remote: [...new Set(own.flatMap((line) => line.line.remotes))],
        direction,
        write,
        survivorship,
        emptyMeansUnknown,
        assignedByRemote,
        token,
        view,
        max: own.length === 1 ? first.max : undefined,
      },
    });
  }
  return units;
}

function ready(mapping: Mapping, ownUnits: readonly ReadyUnit[]): CompiledMapping {
  const { key, parent } = mapping;
  const units = ownUnits.map((each) => each.mapped);
  const readers = ownUnits.flatMap((each) =>
    each.lines.filter((line) => line.direction !== "out").map((line) => line.line.read),
  );
  const outReaders = ownUnits.flatMap((each) =>
    each.lines.filter((line) => line.direction === "out").map((line) => line.line.read),
  );
  const linesOf = new Map(ownUnits.map((each) => [each.mapped.unit, each.lines]));

  function readRemote(image: RemoteImage): Read {
    const claims: Values = {};
    const faults: FieldFault[] = [];
    for (const read of readers) read(image, claims, faults);
    // A field that we only write is read too: base and drift need it. What cannot be read there is nobody's fault.
    for (const read of outReaders) read(image, claims, []);
    return {
      externalId: idOf(image[key]),
      parentExternalId: parent === undefined ? undefined : idOf(image[parent.remote]),
      claims,
      faults,
    };
  }

  function writeRemote(
    values: Values,
    names: readonly string[],
    image: RemoteImage | null,
    { parentExternalId, shown }: { readonly parentExternalId?: string | undefined; readonly shown?: Values } = {},
  ): Written {
    const body: { [remote: string]: unknown } = {};
    const sent: Values = {};
    const withheld: Withheld[] = [];
    if (parent !== undefined && parentExternalId !== undefined && idOf(image?.[parent.remote]) !== parentExternalId) {
      body[parent.remote] = parentExternalId;
    }
    for (const unit of names) {
      const lines = linesOf.get(unit);
      if (lines === undefined) throw new Error(`The mapping of ${mapping.object} has no unit ${unit}`);
      const parts = lines.map((line) => line.line.write(values, image, shown));
      const stuck = parts.find(isWithheld);
      if (stuck !== undefined) {
        withheld.push({ unit, code: stuck.code, detail: stuck.detail });
        continue;
      }
      for (const part of parts) {
        if (isWithheld(part)) continue;
        for (const [remote, value] of part.body) body[remote] = value;
        for (const [name, value] of part.sent) sent[name] = value;
      }
    }
    return { body, sent, withheld };
  }

  return {
    object: mapping.object,
    remote: mapping.remote,
    as: mapping.as,
    version: contentHash(mapping),
    key,
    parent,
    sharedSeries: mapping.sharedSeries ?? false,
    requiredAtCreate: mapping.requiredAtCreate ?? [],
    onRemoteEdit: mapping.onRemoteEdit ?? "leave",
    units,
    unitByName: new Map(units.map((each) => [each.unit, each])),
    hasView: units.some((each) => each.view !== undefined),
    readRemote,
    writeRemote,
  };
}

/** Ids are text, also where a remote shows them as numbers. */
function idOf(raw: unknown): string | undefined {
  const id = raw === undefined || raw === null ? undefined : cleanText(raw);
  return typeof id === "string" && id !== "" ? id : undefined;
}
