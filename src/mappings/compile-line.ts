import { type Catalogue, kontaktpersonCatalogue, primaryView } from "../model/catalogue.ts";
import type { Field, Survivorship } from "../model/field.ts";
import { codecOfKind, codecs, groupCodecs, REGISTRATION_CODEC } from "./codecs.ts";
import { type CompiledLine, fieldLine, groupLine } from "./line.ts";
import type { Direction, MappingLine, WriteMode } from "./mapping.ts";
import { tokenLine } from "./token-line.ts";

/** A line with what its unit takes from it. */
export interface ReadyLine {
  readonly unit: string;
  readonly line: CompiledLine;
  readonly direction: Direction;
  readonly write: WriteMode;
  readonly survivorship: Survivorship | undefined;
  readonly emptyMeansUnknown: boolean;
  readonly assignedByRemote: boolean;
  readonly token: boolean;
  readonly view: string | undefined;
  readonly max: number | undefined;
}

type Faults = { readonly faults: readonly string[] };

/** Checks one line and binds its codec; faults are sentences that say the way out where there is one. */
export function compileLine(line: MappingLine, catalogue: Catalogue, empty: "" | null): ReadyLine | Faults {
  const { codec, ...options } = typeof line.as === "object" ? line.as : { codec: line.as };
  const remotes = typeof line.remote === "string" ? [line.remote] : line.remote;
  if (line.fields !== undefined) return compileGroup(line, line.fields, remotes, codec, options, catalogue, empty);
  const key = line.field ?? "";
  const found = findField(key, catalogue);
  if (found === undefined) return fail(unknownField(key, catalogue));
  const { field, view, unit } = found;
  const misuse = misuseOf(key, field, line);
  if (misuse !== undefined) return fail(misuse);
  const remote = remotes[0];
  if (remote === undefined || remotes.length > 1) return fail("one field has one remote; several need a group codec");
  const name = codec ?? codecOfKind[field.kind];
  const definition = codecs.get(name);
  if (definition === undefined) return fail(`there is no codec ${name}; there are ${[...codecs.keys()].join(", ")}`);
  if (!definition.kinds.includes(field.kind)) return fail(`codec ${name} does not serve fields of kind ${field.kind}`);
  const read = definition.options.safeParse(options);
  if (!read.success) {
    return fail(...read.error.issues.map((issue) => `codec ${name}: ${[...issue.path, issue.message].join(" ")}`));
  }
  const bound = definition.make(read.data as never, field); // its own schema has just read them
  return {
    ...told(line),
    unit,
    token: false,
    view,
    line: fieldLine({ key, remote, field, codec: bound, max: line.max, empty }),
  };
}

function compileGroup(
  line: MappingLine,
  keys: readonly string[],
  remotes: readonly string[],
  codec: string | undefined,
  options: { readonly [option: string]: unknown },
  catalogue: Catalogue,
  empty: "" | null,
): ReadyLine | Faults {
  const unknown = keys.filter((key) => catalogue.fields[key] === undefined);
  if (unknown.length > 0) return fail(...unknown.map((key) => unknownField(key, catalogue)));
  const unit = catalogue.unitOf.get(keys[0] ?? "");
  if (unit === undefined || keys.some((key) => catalogue.unitOf.get(key) !== unit)) {
    return fail("the fields of one line must be of one group");
  }
  const fields = keys.map((key) => catalogue.fields[key]).filter((field) => field !== undefined);
  const misuse = keys.map((key, at) => misuseOf(key, fields[at], line)).find((each) => each !== undefined);
  if (misuse !== undefined) return fail(misuse);
  if (codec === undefined) return fail(`several fields on one line need a group codec: ${groupNames()}`);
  if (Object.keys(options).length > 0) return fail(`codec ${codec} takes no options`);
  const base = { ...told(line), unit: unit.name, view: undefined };
  if (codec === REGISTRATION_CODEC) {
    const [remote] = remotes;
    const isWhole = keys.length === unit.fields.length;
    if (unit.name !== "registration" || !isWhole || remote === undefined || remotes.length > 1) {
      return fail("codec registration binds the whole group registration to one remote field");
    }
    const named = Object.fromEntries(keys.map((key, at) => [key, fields[at]] as const));
    return {
      ...base,
      token: true,
      line: tokenLine({ unit: unit.name, remote, fields: onlyFields(named), max: line.max, empty }),
    };
  }
  const definition = groupCodecs.get(codec);
  if (definition === undefined) return fail(`there is no group codec ${codec}; there are ${groupNames()}`);
  if (definition.remotes !== remotes.length) return fail(`codec ${codec} takes ${definition.remotes} remote fields`);
  const endings = definition.fields.map((name) => name.slice(name.lastIndexOf(".") + 1));
  if (keys.length !== endings.length || !keys.every((key, at) => key.endsWith(`.${endings[at]}`))) {
    return fail(`codec ${codec} binds ${definition.fields.join(", ")}, in this order`);
  }
  const bound = definition.make();
  if (bound.encode === undefined && base.direction !== "in") return fail(`codec ${codec} only reads: say direction in`);
  return { ...base, token: false, line: groupLine({ keys, remotes, fields, codec: bound, max: line.max, empty }) };
}

const told = (line: MappingLine) => ({
  direction: line.direction ?? "both",
  write: line.write ?? "always",
  survivorship: line.survivorship,
  emptyMeansUnknown: line.emptyMeansUnknown ?? false,
  assignedByRemote: line.assignedByRemote ?? false,
  max: line.max,
});

function findField(
  key: string,
  catalogue: Catalogue,
): { field: Field; unit: string; view: string | undefined } | undefined {
  const view = catalogue.kind === "kundeemne" ? primaryView.get(key) : undefined;
  const field = view === undefined ? catalogue.fields[key] : kontaktpersonCatalogue.fields[view];
  if (field === undefined) return undefined;
  return { field, view, unit: view === undefined ? (catalogue.unitOf.get(key)?.name ?? key) : key };
}

/** Why a field may not stand on this line, if it may not. */
function misuseOf(key: string, field: Field | undefined, line: MappingLine): string | undefined {
  const direction = line.direction ?? "both";
  if (field?.virtual) return `${key} is worked out when it is read and cannot be mapped`;
  if (field?.computed && direction !== "in") return `${key} is computed and never sent: say direction in`;
  if (field?.immutable && direction !== "in" && line.write !== "on_create") {
    return `${key} is set once: say direction in, or write on_create`;
  }
  return undefined;
}

const unknownField = (key: string, catalogue: Catalogue): string =>
  `the catalogue of ${catalogue.kind} has no field ${key}`;

const groupNames = () => [REGISTRATION_CODEC, ...groupCodecs.keys()].join(", ");

const onlyFields = (named: Readonly<Record<string, Field | undefined>>): Record<string, Field> =>
  Object.fromEntries(Object.entries(named).flatMap(([key, field]) => (field === undefined ? [] : [[key, field]])));

const fail = (...faults: string[]): Faults => ({ faults });
