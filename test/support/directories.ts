import type { RegisteredAddress } from "../../simulators/directories/addresses.ts";
import type { CompanyDocument } from "../../simulators/directories/cvr.ts";
import type { PlaceDocument } from "../../simulators/directories/google.ts";
import type { ReportedCompany } from "../../simulators/directories/kob.ts";
import type { Advert } from "../../simulators/directories/krak.ts";
import type { NneCompany } from "../../simulators/directories/tdc.ts";

/** Places of the register, invented; the point of the first is in Odense. */
export const places: readonly RegisteredAddress[] = [
  {
    id: "a-1",
    vejnavn: "Nørregade",
    husnummer: "12",
    etage: "2",
    doer: "tv",
    postnr: "5000",
    by: "Odense C",
    x: 587500,
    y: 6140200,
  },
  {
    id: "a-2",
    vejnavn: "Nørregade",
    husnummer: "12",
    etage: "2",
    doer: "th",
    postnr: "5000",
    by: "Odense C",
    x: 587500,
    y: 6140200,
  },
  { id: "h-3", vejnavn: "Lærkevej", husnummer: "7B", postnr: "8000", by: "Aarhus C", x: 574300, y: 6223700 },
  { id: "a-4", vejnavn: "Kajen", husnummer: "2", etage: "st", postnr: "5000", by: "Odense C" },
];

export interface CompanyFacts {
  readonly cvr: string;
  readonly navn: string;
  readonly vejnavn?: string;
  readonly husnummer?: number;
  readonly postnummer?: number;
  readonly postdistrikt?: string;
  readonly telefon?: string;
  readonly hemmeligTelefon?: string;
  readonly beskyttet?: boolean;
  readonly status?: string;
  readonly brancheSiden?: string;
  /** When the register loaded it, ISO 8601. */
  readonly indlaest?: string;
}

/** A document of the CVR index in the shape of the official mapping, data invented. */
export function companyDocument(facts: CompanyFacts): CompanyDocument {
  const now = { gyldigFra: "2020-01-01", gyldigTil: null };
  const ended = { gyldigFra: "2010-01-01", gyldigTil: "2019-12-31" };
  return {
    cvrNummer: Number(facts.cvr),
    ...(facts.indlaest === undefined ? {} : { sidstIndlaest: facts.indlaest }),
    reklamebeskyttet: facts.beskyttet ?? false,
    telefonNummer: [
      { kontaktoplysning: "11111111", hemmelig: false, periode: ended },
      ...(facts.telefon === undefined ? [] : [{ kontaktoplysning: facts.telefon, hemmelig: false, periode: now }]),
      ...(facts.hemmeligTelefon === undefined
        ? []
        : [{ kontaktoplysning: facts.hemmeligTelefon, hemmelig: true, periode: now }]),
    ],
    penheder: [
      { pNummer: 1000000009, periode: now },
      { pNummer: 1000000025, periode: ended },
    ],
    virksomhedMetadata: {
      nyesteNavn: { navn: facts.navn, periode: now },
      nyesteBeliggenhedsadresse: {
        ...{
          landekode: "DK",
          vejnavn: facts.vejnavn ?? "Nørregade",
          husnummerFra: facts.husnummer ?? 12,
          bogstavFra: null,
        },
        ...{
          etage: null,
          sidedoer: null,
          postnummer: facts.postnummer ?? 5000,
          postdistrikt: facts.postdistrikt ?? "Odense C",
        },
      },
      nyesteHovedbranche: {
        ...{ branchekode: "433200", branchetekst: "Tømrer- og bygningssnedkervirksomhed" },
        periode: { gyldigFra: facts.brancheSiden ?? "2025-01-01", gyldigTil: null },
      },
      nyesteVirksomhedsform: { virksomhedsformkode: 80, kortBeskrivelse: "APS" },
      nyesteErstMaanedsbeskaeftigelse: { intervalKodeAntalAnsatte: "ANTAL_10_19" },
      sammensatStatus: facts.status ?? "NORMAL",
      nyesteKontaktoplysninger: [facts.telefon ?? ""],
    },
  };
}

/** A place as Google shows it, data invented. */
export function placeDocument(facts: {
  readonly id: string;
  readonly navn: string;
  readonly telefon?: string;
  readonly vej?: string;
  readonly lat?: number;
}): PlaceDocument {
  const part = (types: string[], longText: string, shortText = longText) => ({
    types,
    longText,
    shortText,
    languageCode: "da",
  });
  return {
    id: facts.id,
    displayName: { text: facts.navn },
    formattedAddress: `${facts.vej ?? "Nørregade"} 12, 5000 Odense C, Danmark`,
    addressComponents: [
      part(["street_number"], "12"),
      part(["route"], facts.vej ?? "Nørregade"),
      part(["locality", "political"], "Odense C"),
      part(["country", "political"], "Danmark", "DK"),
      part(["postal_code"], "5000"),
    ],
    postalAddress: {
      regionCode: "DK",
      postalCode: "5000",
      locality: "Odense C",
      addressLines: [`${facts.vej ?? "Nørregade"} 12`],
    },
    location: { latitude: facts.lat ?? 55.4, longitude: 10.38 },
    nationalPhoneNumber: facts.telefon ?? "62 52 12 34",
    internationalPhoneNumber: `+45 ${facts.telefon ?? "62 52 12 34"}`,
    businessStatus: "OPERATIONAL",
  };
}

/** Adverts of KRAK, invented; the first is a paid one. */
export const adverts: readonly Advert[] = [
  {
    eniroId: "10000009",
    companyName: "Nordisk Træ Trading ApS",
    orgNumber: "10000009",
    streetName: "Kajen 2",
    postCode: "5000",
    postArea: "Odense C",
  },
  {
    ...{
      eniroId: 10000001,
      companyName: "Nordisk Træ ApS",
      orgNumber: "12345674",
      streetName: "Nørregade 12",
      postCode: "5000",
    },
    ...{ postArea: "Odense C", phoneNumber: "62 52 12 34" },
  },
];

/** Companies of Navne & Numre, invented; two of one CVR number. */
export const nneCompanies: readonly NneCompany[] = [
  {
    ...{ tdcId: 200000001, officialName: "Nordisk Træ ApS", cvrNo: 12345674, street: "Nørregade 12", zipCode: 5000 },
    ...{ district: "Odense C", phone: "62521234", homePage: "www.nordisk-trae.dk" },
  },
  {
    tdcId: 200000003,
    officialName: "Brødrene <Holm> & Søn A/S",
    cvrNo: 1234560,
    street: "Vej 1",
    zipCode: 999,
    district: "København C",
  },
  {
    tdcId: 200000004,
    officialName: "Havnens Is ApS",
    cvrNo: 45123456,
    street: "Kajen 2",
    zipCode: 5000,
    district: "Odense C",
  },
  {
    tdcId: 200000005,
    officialName: "Havnens Is ApS, Aarhus",
    cvrNo: 45123456,
    street: "Kajen 9",
    zipCode: 8000,
    district: "Aarhus C",
  },
];

/** Companies that the credit bureau makes reports of, invented. */
export const reported: readonly ReportedCompany[] = [
  {
    ...{ id: "KOB-77", name: "Nordisk Træ ApS", cvr: "12345674", street: "Nørregade 12", postalCode: "5000" },
    ...{ city: "Odense C", phone: "62 52 12 34", employees: "10-19" },
  },
  { id: "KOB-78", name: "Havnens Is ApS", cvr: "45123456", street: "Kajen 2", postalCode: "5000", city: "Odense C" },
];
