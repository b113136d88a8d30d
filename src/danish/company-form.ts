import { fault, type Reading, read, shapeOf } from "./result.ts";

/** A legal form with its CVR code (Statistics Denmark's list of 2008, with IVS and PMV added later). */
export interface CompanyForm {
  readonly code: number;
  readonly name: string;
  /** As written behind a name. */
  readonly short?: string;
}

/** Domain notes, d.11. Codes of IVS and PMV are those in use in the CVR register. */
export const companyForms: readonly CompanyForm[] = [
  { code: 10, name: "Enkeltmandsvirksomhed" },
  { code: 15, name: "Personligt ejet mindre virksomhed", short: "PMV" },
  { code: 30, name: "Interessentskab", short: "I/S" },
  { code: 40, name: "Kommanditselskab", short: "K/S" },
  { code: 60, name: "Aktieselskab", short: "A/S" },
  { code: 70, name: "Partnerselskab", short: "P/S" },
  { code: 80, name: "Anpartsselskab", short: "ApS" },
  { code: 81, name: "Iværksætterselskab", short: "IVS" },
  { code: 90, name: "Fond" },
  { code: 110, name: "Forening" },
  { code: 115, name: "Frivillig forening" },
  { code: 130, name: "Andelsselskab" },
  { code: 140, name: "Andelsselskab med begrænset ansvar", short: "A.M.B.A." },
  { code: 150, name: "Forening med begrænset ansvar", short: "F.M.B.A." },
  { code: 170, name: "Filial" },
  { code: 230, name: "Statslig enhed" },
  { code: 245, name: "Region" },
  { code: 250, name: "Kommune" },
  { code: 260, name: "Menighedsråd" },
  { code: 290, name: "SE-selskab", short: "SE" },
];

const NOT_WORD = /[^\p{L}\p{N}]+/gu;
const key = (text: string): string => text.toLowerCase().replace(NOT_WORD, "");

const byKey: ReadonlyMap<string, CompanyForm> = new Map(
  companyForms.flatMap((form): [string, CompanyForm][] => [
    [String(form.code), form],
    [key(form.name), form],
    [`${key(form.name)}et`, form],
    ...(form.short === undefined ? [] : [[key(form.short), form] as [string, CompanyForm]]),
  ]),
);
/** Names that the list gives to a form beside its own. */
const ALSO: { readonly [key: string]: string } = {
  kommanditaktieselskab: "partnerselskab",
  kommanditaktieselskabpartnerselskab: "partnerselskab",
  smba: "fmba",
  selskabmedbegrænsetansvar: "fmba",
};

/** Reads a CVR form code, a name or a suffix (`80`, `Anpartsselskab`, `ApS`) to the form. */
export function readCompanyForm(text: string): Reading<CompanyForm> {
  const wanted = key(text);
  const form = byKey.get(ALSO[wanted] ?? wanted.replace(/^0+(?=\d)/, ""));
  return form === undefined
    ? fault("form_unknown", `No company form is known by this name or code (${shapeOf(text.trim())}).`)
    : read(form);
}

/** What the form says about the kind of customer: 230–250 are public (BTG); a sole trader is a business of a person. */
export function kundetypeOf(
  code: number,
): { readonly kundetype: "BTB" | "BTG"; readonly isPersonalData: boolean } | undefined {
  if (code >= 230 && code <= 250) return { kundetype: "BTG", isPersonalData: false };
  if (code === 10 || code === 15) return { kundetype: "BTB", isPersonalData: true };
  return code >= 30 && code <= 90 ? { kundetype: "BTB", isPersonalData: false } : undefined;
}
