import { z } from "zod";

/** Documents of the index `cvr-permanent`, type Vrvirksomhed, as far as they are read. Open sets stay texts. */

const period = z.looseObject({ gyldigFra: z.string().nullish(), gyldigTil: z.string().nullish() }).nullish();
const whole = z.union([z.number(), z.string()]);

const contact = z.looseObject({
  kontaktoplysning: z.string().nullish(),
  hemmelig: z.boolean().nullish(),
  periode: period,
});

const address = z
  .looseObject({
    landekode: z.string().nullish(),
    fritekst: z.string().nullish(),
    vejnavn: z.string().nullish(),
    husnummerFra: whole.nullish(),
    husnummerTil: whole.nullish(),
    bogstavFra: z.string().nullish(),
    bogstavTil: z.string().nullish(),
    etage: z.string().nullish(),
    sidedoer: z.string().nullish(),
    conavn: z.string().nullish(),
    postboks: z.string().nullish(),
    postnummer: whole.nullish(),
    postdistrikt: z.string().nullish(),
  })
  .nullish();

const branche = z
  .looseObject({ branchekode: whole.nullish(), branchetekst: z.string().nullish(), periode: period })
  .nullish();

export const companySchema = z.looseObject({
  cvrNummer: whole,
  reklamebeskyttet: z.boolean().nullish(),
  telefonNummer: z.array(contact).nullish(),
  hjemmeside: z.array(contact).nullish(),
  penheder: z.array(z.looseObject({ pNummer: whole, periode: period })).nullish(),
  virksomhedMetadata: z
    .looseObject({
      nyesteNavn: z.looseObject({ navn: z.string().nullish() }).nullish(),
      nyesteBeliggenhedsadresse: address,
      nyesteHovedbranche: branche,
      nyesteBibranche1: branche,
      nyesteBibranche2: branche,
      nyesteBibranche3: branche,
      nyesteVirksomhedsform: z.looseObject({ virksomhedsformkode: whole.nullish() }).nullish(),
      nyesteErstMaanedsbeskaeftigelse: z.looseObject({ intervalKodeAntalAnsatte: z.string().nullish() }).nullish(),
      nyesteAarsbeskaeftigelse: z.looseObject({ intervalKodeAntalAnsatte: z.string().nullish() }).nullish(),
      sammensatStatus: z.string().nullish(),
    })
    .nullish(),
});

export type Company = z.output<typeof companySchema>;

export const answerSchema = z.looseObject({
  timed_out: z.boolean().nullish(),
  hits: z.looseObject({
    hits: z.array(z.looseObject({ _source: z.looseObject({ Vrvirksomhed: companySchema }) })),
  }),
});

/** A page of the feed: which company, and when the register loaded it. */
export const loadedSchema = z.looseObject({
  timed_out: z.boolean().nullish(),
  _scroll_id: z.string(),
  hits: z.looseObject({
    hits: z.array(
      z.looseObject({
        _source: z.looseObject({
          Vrvirksomhed: z.looseObject({ cvrNummer: whole, sidstIndlaest: z.iso.datetime({ offset: true }) }),
        }),
      }),
    ),
  }),
});

/** What is asked of each document: persons and history stay there. */
export const sourceParts = [
  "cvrNummer",
  "reklamebeskyttet",
  "telefonNummer",
  "hjemmeside",
  "penheder",
  "virksomhedMetadata",
].map((part) => `Vrvirksomhed.${part}`);
