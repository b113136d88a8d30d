import type { RemoteImage } from "../../mappings/mapping.ts";
import type { Company } from "./wire.ts";

/** DB25 replaced DB07 on this day (domain notes, d.5). */
const DB25_SINCE = "2025-01-01";

/** A company as one flat object of names of the register; what it does not say now is null. */
export function imageOf(company: Company): RemoteImage {
  const meta = company.virksomhedMetadata;
  const branche = meta?.nyesteHovedbranche;
  const kode = digits(branche?.branchekode, 6);
  return {
    cvrNummer: cvrOf(company),
    navn: text(meta?.nyesteNavn?.navn),
    ...addressOf(meta?.nyesteBeliggenhedsadresse),
    telefon: inForce(company.telefonNummer),
    hjemmeside: inForce(company.hjemmeside),
    pNumre: (company.penheder ?? []).filter(isNow).map(({ pNummer }) => digits(pNummer, 10) ?? ""),
    branchekode: kode,
    brancheklassifikation: kode === null ? null : classification(branche?.periode?.gyldigFra),
    bibrancher: [meta?.nyesteBibranche1, meta?.nyesteBibranche2, meta?.nyesteBibranche3].flatMap(
      (each) => digits(each?.branchekode, 6) ?? [],
    ),
    virksomhedsform: text(meta?.nyesteVirksomhedsform?.virksomhedsformkode),
    status: text(meta?.sammensatStatus),
    ansatte: employees(
      meta?.nyesteErstMaanedsbeskaeftigelse?.intervalKodeAntalAnsatte ??
        meta?.nyesteAarsbeskaeftigelse?.intervalKodeAntalAnsatte,
    ),
    reklamebeskyttet: company.reklamebeskyttet ?? null,
  };
}

/** Eight digits: the register writes the number as one, without the zeros before it. */
export const cvrOf = ({ cvrNummer }: Pick<Company, "cvrNummer">): string => String(cvrNummer).padStart(8, "0");

type Address = NonNullable<Company["virksomhedMetadata"]>["nyesteBeliggenhedsadresse"];

function addressOf(address: Address): RemoteImage {
  if (!address) return { adresse1: null, postnr: null, bynavn: null, landekode: null };
  return {
    adresse1: streetOf(address),
    postnr: digits(address.postnummer, 4),
    bynavn: text(address.postdistrikt),
    landekode: text(address.landekode),
  };
}

function streetOf(address: NonNullable<Address>): string | null {
  const { vejnavn, husnummerFra, bogstavFra, husnummerTil, bogstavTil, etage, sidedoer, postboks, fritekst } = address;
  if (!vejnavn) return postboks ? `Postboks ${postboks}` : text(fritekst);
  const from = husnummerFra ? ` ${husnummerFra}${bogstavFra ?? ""}` : "";
  const to = from !== "" && husnummerTil ? `-${husnummerTil}${bogstavTil ?? ""}` : "";
  const unit = etage ? `, ${etage}.${sidedoer ? ` ${sidedoer}` : ""}` : "";
  return `${vejnavn}${from}${to}${unit}`;
}

interface Dated {
  readonly periode?: { readonly gyldigTil?: string | null | undefined } | null | undefined;
}

const isNow = ({ periode }: Dated): boolean => (periode?.gyldigTil ?? null) === null;

/** The newest in force that is not secret: secret ones must not be used. */
function inForce(rows: Company["telefonNummer"]): string | null {
  const open = (rows ?? []).filter((row) => isNow(row) && row.hemmelig !== true);
  return text(open.at(-1)?.kontaktoplysning);
}

/** Codes of before are kept where the register's conversion left them: of those nobody can say which list they are of. */
const classification = (since: string | null | undefined): string =>
  since && since >= DB25_SINCE ? "DB25" : "unknown";

/** `ANTAL_10_19` as `10-19`, `ANTAL_1000_999999` as `1000+`. */
function employees(code: string | null | undefined): string | null {
  const [, from, to] = /^ANTAL_(\d+)_(\d+)$/.exec(code ?? "") ?? [];
  if (from === undefined || to === undefined) return null;
  if (to === "999999") return `${from}+`;
  return from === to ? from : `${from}-${to}`;
}

const text = (value: string | number | null | undefined): string | null =>
  value === null || value === undefined || value === "" ? null : String(value);

const digits = (value: string | number | null | undefined, length: number): string | null =>
  text(value)?.padStart(length, "0") ?? null;
