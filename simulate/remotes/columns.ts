import type { Mapping, MappingLine } from "../../src/mappings/mapping.ts";
import type { RemoteName } from "../steps.ts";

/** Fields that are typed in a history, and the unit each is decided with. */
export const KEYS = [
  "firmanavn",
  "attention",
  "ansvarligSaelger",
  "adresse1",
  "bynavn",
  "telefon",
  "soegenavn",
  "leadkildeDetalje",
] as const;
export type Key = (typeof KEYS)[number];

export const unitOf = (key: string): string => (key === "adresse1" || key === "bynavn" ? "adresse" : key);

interface Column {
  readonly column: string;
  readonly direction?: "in" | "out";
}
type Columns = { readonly [K in Key]?: Column };

/** Which fields each remote has, under which name, and which way they go: the one truth of mappings and oracle alike. */
export const columns: Readonly<Record<RemoteName, Columns>> = {
  crm: {
    firmanavn: { column: "Name" },
    attention: { column: "Att" },
    ansvarligSaelger: { column: "Seller" },
    adresse1: { column: "Street" },
    bynavn: { column: "Town" },
    telefon: { column: "Phone" },
    leadkildeDetalje: { column: "Lead" },
  },
  a: {
    firmanavn: { column: "Name" },
    attention: { column: "Att" },
    ansvarligSaelger: { column: "Rep" },
    adresse1: { column: "Addr" },
    bynavn: { column: "City" },
    telefon: { column: "Tel" },
    soegenavn: { column: "Search" },
    leadkildeDetalje: { column: "Source", direction: "out" },
  },
  b: {
    firmanavn: { column: "NAVN" },
    attention: { column: "ATT" },
    adresse1: { column: "ADR" },
    bynavn: { column: "BY" },
    telefon: { column: "TLF" },
    soegenavn: { column: "SOEG" },
    leadkildeDetalje: { column: "KILDE", direction: "out" },
  },
  dir: {
    firmanavn: { column: "navn", direction: "in" },
    adresse1: { column: "vej", direction: "in" },
    bynavn: { column: "by", direction: "in" },
    telefon: { column: "tlf", direction: "in" },
  },
  erp: {
    firmanavn: { column: "firmanavn" },
    attention: { column: "attention" },
    ansvarligSaelger: { column: "ansvarligSaelger" },
    adresse1: { column: "adresse1" },
    bynavn: { column: "bynavn" },
    telefon: { column: "telefon" },
  },
};

export const CVR = "cvr";
/** The CRM's flag maaOpdateresAutomatisk. */
export const FLAG = "auto";

export const objectOf: Readonly<Record<RemoteName, string>> = {
  crm: "kundeemne",
  a: "debitor",
  b: "debitor",
  dir: "virksomhed",
  erp: "debitor",
};

export const columnOf = (remote: RemoteName, key: string): string | undefined => columns[remote][key as Key]?.column;

export function keyOf(remote: RemoteName, column: string): Key | undefined {
  return KEYS.find((key) => columns[remote][key]?.column === column);
}

export function mappingOf(remote: RemoteName): Mapping {
  const lines = KEYS.flatMap((key): MappingLine[] => {
    const known = columns[remote][key];
    if (known === undefined) return [];
    return [
      { field: key, remote: known.column, ...(known.direction === undefined ? {} : { direction: known.direction }) },
    ];
  });
  return {
    object: objectOf[remote],
    remote: objectOf[remote],
    as: "kundeemne",
    key: "id",
    empty: "null",
    fields: [
      ...lines,
      { field: "cvrNr", remote: CVR, match: "cvr", ...(remote === "dir" ? { direction: "in" as const } : {}) },
      ...(remote === "crm"
        ? [
            {
              field: "maaOpdateresAutomatisk",
              remote: FLAG,
              as: { codec: "bool", style: "true/false" },
              direction: "in",
            } as const,
          ]
        : []),
    ],
  };
}

/** The value that the n-th step types into a field: nobody else ever types it. */
export function uniqueValue(key: Key, n: number): string {
  switch (key) {
    case "firmanavn":
      return `Firma e${n}x Handel`;
    case "telefon":
      return String(20_000_000 + n);
    default:
      return `${key} e${n}x`;
  }
}

/** Company numbers that satisfy modulus 11, one after the other. */
export function cvrNumber(index: number): string {
  const weights = [2, 7, 6, 5, 4, 3, 2, 1];
  let found = -1;
  for (let number = 10_000_000; ; number += 1) {
    const digits = String(number);
    const sum = weights.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
    if (sum % 11 === 0) found += 1;
    if (found === index) return digits;
  }
}
