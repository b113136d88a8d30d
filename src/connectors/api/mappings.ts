import type { Mapping, MappingLine } from "../../mappings/mapping.ts";
import { kontaktpersonCatalogue, kundeemneCatalogue, primaryView } from "../../model/catalogue.ts";
import type { Field } from "../../model/field.ts";

/**
 * Default mappings of systems that push and pull: the remote names are our field names, flat (`gps.lat`), values are
 * plain JSON, an empty field is null. A system with names of its own brings mappings of its own.
 */
const asJson = (key: string, field: Field, more: Partial<MappingLine> = {}): MappingLine => ({
  field: key,
  remote: key,
  ...codecOf(field),
  ...more,
});

function codecOf({ kind }: Field): Pick<MappingLine, "as"> {
  switch (kind) {
    case "bool":
      return { as: { codec: "bool", style: "true/false" } };
    case "int":
      return { as: { codec: "int", json: "number" } };
    case "codeSet":
    case "textSet":
    case "textList":
      return { as: { codec: kind, json: "list" } };
    case "pNumbers":
      return { as: { codec: "textSet", json: "list" } };
    default:
      return {};
  }
}

const fieldsOf: Readonly<Record<string, Field>> = kundeemneCatalogue.fields;

function lines(fields: Readonly<Record<string, Field>>, wanted: (key: string, field: Field) => boolean): MappingLine[] {
  return Object.entries(fields)
    .filter(([key, field]) => !field.computed && !field.virtual && wanted(key, field))
    .map(([key, field]) => asJson(key, field, field.immutable ? { direction: "in" } : {}));
}

const primaryContact: readonly MappingLine[] = [...primaryView.keys()].map((field) => ({ field, remote: field }));

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

function ledgerMapping(object: "debitor" | "kreditor"): Mapping {
  const isDebitor = object === "debitor";
  const saldo = isDebitor ? "saldoDeb" : "saldoKred";
  const group = isDebitor ? "bogfoeringsgruppeDeb" : "bogfoeringsgruppeKred";
  const isKept = (field: string) => !isDebitor && field === "betalingsbetingelser";
  const finance = [...financeFields, group].flatMap((key): MappingLine[] => {
    const field = fieldsOf[key];
    if (field === undefined) return [];
    return [asJson(key, field, { write: "on_create", ...(isKept(key) ? { direction: "out" } : {}) })];
  });
  return {
    object,
    remote: object,
    as: "kundeemne",
    key: "externalId",
    empty: "null",
    fields: [
      ...lines(fieldsOf, (key, field) => ledgerFields.has(key) || ledgerGroups.has(field.group ?? "")),
      ...primaryContact,
      ...finance,
      { field: `${saldo}.beloeb`, remote: `${saldo}.beloeb`, direction: "in" },
      { field: `${saldo}.valuta`, remote: `${saldo}.valuta`, direction: "in" },
      ...(isDebitor
        ? ([
            { field: "eanLokationsnr", remote: "eanLokationsnr", match: "gln" },
            { field: "kreditMax", remote: "kreditMax", direction: "in" },
          ] as const)
        : []),
      { field: "pakkeinfo", remote: "pakkeinfo", direction: "out" },
      { field: "pallespecifikation", remote: "pallespecifikation", direction: "out" },
    ],
  };
}

export const debitorMapping: Mapping = ledgerMapping("debitor");
export const kreditorMapping: Mapping = ledgerMapping("kreditor");

export const kundeemneMapping: Mapping = {
  object: "kundeemne",
  remote: "kundeemne",
  as: "kundeemne",
  key: "externalId",
  empty: "null",
  fields: lines(fieldsOf, () => true),
};

export const kontaktpersonMapping: Mapping = {
  object: "kontaktperson",
  remote: "kontaktperson",
  as: "kontaktperson",
  key: "externalId",
  parent: { remote: "kundeemne", object: "kundeemne" },
  empty: "null",
  fields: lines(kontaktpersonCatalogue.fields, () => true),
};
