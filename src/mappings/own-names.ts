import { kontaktpersonCatalogue, kundeemneCatalogue, primaryView } from "../model/catalogue.ts";
import type { Field } from "../model/field.ts";
import type { Mapping, MappingLine } from "./mapping.ts";

/** How a system that uses our names spells them: the values of a field's kind, the key, and what is empty. */
export interface Spelling {
  readonly as: (field: Field) => Pick<MappingLine, "as">;
  readonly key: string;
  readonly parent: string;
  readonly empty: "text" | "null";
}

/** What a ledger knows of a company: no CRM and no control fields. */
const ledgerGroups: ReadonlySet<string> = new Set(["adresse", "registration"]);
const ledgerFields: ReadonlySet<string> = new Set([
  "firmanavn",
  "soegenavn",
  "telefon",
  "attention",
  "bogholderiEmail",
  "hjemmeside",
  "ansvarligSaelger",
]);
const financeFields = ["standardMoms", "valuta", "leveringsbetingelser", "afdelinger", "betalingsbetingelser"] as const;

const fieldsOf: Readonly<Record<string, Field>> = kundeemneCatalogue.fields;

/**
 * Mappings of systems without names of their own: the remote names are our field names, flat (`gps.lat`). A system with
 * names of its own brings mappings of its own.
 */
export function ownNames(spelling: Spelling): {
  readonly debitor: Mapping;
  readonly kreditor: Mapping;
  readonly kundeemne: Mapping;
  readonly kontaktperson: Mapping;
} {
  const { as, key, parent, empty } = spelling;
  const line = (field: string, kind: Field, more: Partial<MappingLine> = {}): MappingLine => ({
    ...{ field, remote: field },
    ...as(kind),
    ...more,
  });
  const lines = (
    fields: Readonly<Record<string, Field>>,
    wanted: (name: string, field: Field) => boolean,
  ): MappingLine[] =>
    Object.entries(fields)
      .filter(([name, field]) => !field.computed && !field.virtual && wanted(name, field))
      .map(([name, field]) => line(name, field, field.immutable ? { direction: "in" } : {}));
  const own = (name: string, more: Partial<MappingLine>): MappingLine[] => {
    const field = fieldsOf[name];
    return field === undefined ? [] : [line(name, field, more)];
  };
  const primaryContact = [...primaryView.keys()].map((field): MappingLine => ({ field, remote: field }));

  function ledger(object: "debitor" | "kreditor"): Mapping {
    const isDebitor = object === "debitor";
    const saldo = isDebitor ? "saldoDeb" : "saldoKred";
    const group = isDebitor ? "bogfoeringsgruppeDeb" : "bogfoeringsgruppeKred";
    const isKept = (field: string) => !isDebitor && field === "betalingsbetingelser";
    return {
      ...{ object, remote: object, as: "kundeemne", key, empty },
      fields: [
        ...lines(fieldsOf, (name, field) => ledgerFields.has(name) || ledgerGroups.has(field.group ?? "")),
        ...primaryContact,
        ...[...financeFields, group].flatMap((name) =>
          own(name, { write: "on_create", ...(isKept(name) ? { direction: "out" } : {}) }),
        ),
        ...own(`${saldo}.beloeb`, { direction: "in" }),
        ...own(`${saldo}.valuta`, { direction: "in" }),
        ...(isDebitor ? [...own("eanLokationsnr", { match: "gln" }), ...own("kreditMax", { direction: "in" })] : []),
        ...own("pakkeinfo", { direction: "out" }),
        ...own("pallespecifikation", { direction: "out" }),
      ],
    };
  }

  return {
    debitor: ledger("debitor"),
    kreditor: ledger("kreditor"),
    kundeemne: {
      ...{ object: "kundeemne", remote: "kundeemne", as: "kundeemne", key, empty },
      fields: lines(fieldsOf, () => true),
    },
    kontaktperson: {
      ...{ object: "kontaktperson", remote: "kontaktperson", as: "kontaktperson", key, empty },
      parent: { remote: parent, object: "kundeemne" },
      fields: lines(kontaktpersonCatalogue.fields, () => true),
    },
  };
}
