import type { CodeListType } from "../connectors/connector.ts";
import { RejectedError } from "../lib/errors.ts";
import { kundeemneCatalogue, type Values } from "../model/catalogue.ts";
import type { Value } from "../model/field.ts";
import { isUnlisted } from "../model/vocabularies.ts";
import { type CodeListKey, findUnknownCodes, replaceCodeList } from "../store/code-lists.ts";
import type { Deps } from "./deps.ts";

/** The lists of codes that a connection keeps, by its connector's word for these settings. */
export function codeListTypesOf(deps: Deps, connection: string): readonly CodeListType[] {
  const { codeLists, settings } = deps.connectorOf(connection);
  return codeLists?.(settings.parse(deps.connection(connection).settings)) ?? [];
}

export interface ReadList extends CodeListKey {
  readonly codes: number;
}

/** Reads a connection's lists of codes anew. One that cannot be read keeps what was known; its error is thrown. */
export async function readCodeLists(deps: Deps, connection: string): Promise<ReadList[]> {
  const read: ReadList[] = [];
  const types = codeListTypesOf(deps, connection);
  const client = types.length === 0 ? undefined : deps.clientOf(connection);
  for (const type of types) {
    const { object, field } = type;
    const codes: { code: string; text: string | null }[] = [];
    await deps.limits.call(connection, async () => {
      if (client?.listCodes === undefined)
        throw new RejectedError("capability_missing", "The connection shows no lists of codes");
      for await (const each of client.listCodes(type)) codes.push(each);
    });
    await replaceCodeList(deps.db.sql, { connection, object, field }, codes);
    read.push({ connection, object, field, codes: codes.length });
  }
  return read;
}

/** A code in force that a list does not hold: the field, and the code as that ledger would be sent it. */
export interface UnknownCode extends CodeListKey {
  readonly code: string;
}

/** Values of a record that some ledger's list does not hold, at one connection's object (S30, S32): they cannot be converted. */
export async function unknownCodesAt(
  deps: Deps,
  connection: string,
  object: string,
  values: Values,
): Promise<readonly UnknownCode[]> {
  const types = codeListTypesOf(deps, connection).filter((type) => type.object === object);
  return (await findUnknownCodes(deps.db.sql, codesOf(deps, connection, types, values))).unknown;
}

/** Fields whose code no ledger's list holds, while one could, or whose word is not in our own list: a warning on the record. */
export async function unknownCodes(deps: Deps, values: Values): Promise<readonly string[]> {
  const asked = Object.keys(deps.config.connections).flatMap((connection) =>
    codesOf(deps, connection, codeListTypesOf(deps, connection), values),
  );
  const { unknown, known } = await findUnknownCodes(deps.db.sql, asked);
  const { vocabularies } = deps.config;
  return [
    ...Object.keys(vocabularies).filter((field) => isUnlisted(vocabularies, field, values[field])),
    ...new Set(
      unknown.flatMap(({ field, ours }) =>
        known.some((each) => each.field === field && each.ours === ours) ? [] : [field],
      ),
    ),
  ];
}

interface AskedCode extends UnknownCode {
  /** Our own code. */
  readonly ours: Value;
}

/** The codes of a record as a ledger would be sent them, by the mapping's table; several of a set one by one. */
function codesOf(deps: Deps, connection: string, types: readonly CodeListType[], values: Values): AskedCode[] {
  return types.flatMap(({ object, field }): AskedCode[] => {
    const mapping = deps.mappingOf(connection, object);
    const value = values[field];
    const unit = kundeemneCatalogue.unitOf.get(field)?.name;
    const remote = unit === undefined ? undefined : mapping?.unitByName.get(unit)?.remote[0];
    if (mapping === undefined || unit === undefined || remote === undefined || value === null || value === undefined)
      return [];
    const items: readonly Value[] = Array.isArray(value) ? value : [value];
    return items.map((item): AskedCode => {
      const sent = mapping.writeRemote(
        { ...values, [field]: Array.isArray(value) ? [String(item)] : item },
        [unit],
        null,
      );
      const code = sent.body[remote];
      // What the mapping's own table does not hold is unknown under our name.
      return { connection, object, field, ours: item, code: String(code ?? item) };
    });
  });
}
