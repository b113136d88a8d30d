import { RejectedError } from "../lib/errors.ts";
import type { EntityKind } from "../model/catalogue.ts";
import { catalogueOf } from "../model/catalogue.ts";
import { type PersonBundle, readBundle } from "../store/bundle.ts";
import type { Deps } from "./deps.ts";

type Row = Record<string, unknown>;

export interface Bundle {
  readonly of: { readonly kundeemneId: string; readonly kontaktpersonId: string | null };
  /** Fields with their values, by the names of the catalogue; empty ones are left out. */
  readonly data: Row;
  /** By field: who set it, and when. */
  readonly sources: Row;
  readonly activities: Readonly<Record<string, readonly Row[]>>;
  readonly consents: readonly Row[];
  readonly leads: readonly Row[];
  readonly fromAddresses: readonly Row[];
  /** Systems that have the person, and those that were handed an address or a file. */
  readonly recipients: {
    readonly systems: readonly Row[];
    readonly campaigns: readonly Row[];
    readonly files: readonly Row[];
  };
  /** How many other people stand in the same record; nothing else of them is told. */
  readonly others: number;
}

const STRUCK = "[…]";
const SHORTEST = 4;

/**
 * What a registered person is to be given (GDPR art. 15 and 20), for machines. Names, addresses and numbers of other contacts of the
 * record are struck out of every text; a name that a text has in another form is not found. Throws RejectedError `not_found`.
 */
export async function bundleOf(
  deps: Pick<Deps, "db">,
  of: { readonly kundeemneId: string; readonly kontaktpersonId: string | null },
): Promise<Bundle> {
  const found = await readBundle(deps.db.sql, of);
  if (found === undefined)
    throw new RejectedError("not_found", "There is no such Kundeemne, or it has no such contact", {
      context: { id: of.kundeemneId },
    });
  const strike = strikerOf(found);
  const rows = (list: readonly Row[]): Row[] => list.map((row) => strike(present(row)) as Row); // an object stays one
  const [kind, row]: [EntityKind, Row] =
    found.contact === null ? ["kundeemne", found.record] : ["kontaktperson", found.contact];
  return {
    of,
    data: strike(fieldsOf(kind, row)) as Row,
    sources: sourcesOf(row),
    activities: Object.fromEntries(Object.entries(found.activities).map(([name, list]) => [name, rows(list)])),
    consents: rows(found.consents),
    leads: rows(found.leads),
    fromAddresses: rows(found.fromAddresses),
    recipients: { systems: rows(found.links), campaigns: rows(found.passedOn), files: rows(found.files) },
    others: found.others.length,
  };
}

function fieldsOf(kind: EntityKind, row: Row): Row {
  const { fields, columnOf } = catalogueOf(kind);
  return Object.fromEntries(
    Object.keys(fields).flatMap((field) => {
      const value = row[columnOf.get(field) ?? field] ?? null;
      return value === null ? [] : [[field, value]];
    }),
  );
}

/** As `Provenance` of src/rules/record.ts is kept: setters once, units by their index. */
function sourcesOf(row: Row): Row {
  const { s: setters, u: units } = row.provenance as {
    s: { kind: string; connection?: string; actor?: string; to: number }[];
    u: Record<string, [number, number, string]>;
  };
  return Object.fromEntries(
    Object.entries(units).flatMap(([unit, [, at]]) => {
      const setter = setters[at];
      if (setter === undefined) return [];
      const { kind, connection, actor, to } = setter;
      return [[unit, present({ kind, connection, actor, at: new Date(to).toISOString() })]];
    }),
  );
}

const present = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined));

/** Takes out of texts what names another contact. */
function strikerOf({ others, contact, record }: PersonBundle): (value: unknown) => unknown {
  const own = new Set(
    [...Object.values(record), ...Object.values(contact ?? {})].filter((each) => typeof each === "string"),
  );
  const names = others
    .flatMap(({ navn, email, telefon, mobil, fax }) => [navn, email, telefon, mobil, fax])
    .filter((each): each is string => typeof each === "string" && each.length >= SHORTEST && !own.has(each))
    .sort((one, other) => other.length - one.length)
    .map((each) => each.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  if (names.length === 0) return (value) => value;
  const pattern = new RegExp(names.join("|"), "giu");
  const strike = (value: unknown): unknown => {
    if (typeof value === "string") return value.replace(pattern, STRUCK);
    if (Array.isArray(value)) return value.map(strike);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, strike(each)]));
  };
  return strike;
}
