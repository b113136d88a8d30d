import { z } from "zod";

/** Answers of Adressevælger and Adressevask, as far as they are read (README: the contract is reconstructed). */

export const searchSchema = z.looseObject({
  status: z.string(),
  fund: z.array(z.looseObject({ type: z.string(), titel: z.string(), id: z.string().optional() })).optional(),
});

const named = z.looseObject({ navn: z.string().nullish() }).nullish();

const houseSchema = z.looseObject({
  id_lokalid: z.string(),
  status: z.union([z.string(), z.number()]).nullish(),
  husnummertekst: z.string(),
  vejnavn: z.string(),
  postnummer: z.looseObject({ postnr: z.string(), navn: z.string().nullish() }),
  supplerendebynavn: named,
  adgangspunkt: z
    .looseObject({ koordinater: z.looseObject({ x: z.number().nullish(), y: z.number().nullish() }).nullish() })
    .nullish(),
});

export type House = z.output<typeof houseSchema>;

export const addressSchema = z.looseObject({
  status: z.string(),
  adresse: z
    .looseObject({
      id_lokalid: z.string(),
      status: z.union([z.string(), z.number()]).nullish(),
      etagebetegnelse: z.string().nullish(),
      doerbetegnelse: z.string().nullish(),
      husnummer: houseSchema,
    })
    .optional(),
});

export const houseNumberSchema = z.looseObject({ status: z.string(), husnummer: houseSchema.optional() });

export const washSchema = z.looseObject({
  vaskestatus: z.looseObject({ kode: z.union([z.number(), z.string()]) }).nullish(),
  vaskeresultat: z
    .looseObject({
      adresse_id_lokalid: z.string().nullish(),
      adressebetegnelse: z.string().nullish(),
      status: z.union([z.string(), z.number()]).nullish(),
    })
    .nullish(),
});
