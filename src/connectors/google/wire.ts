import { z } from "zod";

/** Places API (New), as far as it is read; what the masks ask for and no more. */

const component = z.looseObject({
  longText: z.string().nullish(),
  shortText: z.string().nullish(),
  types: z.array(z.string()).nullish(),
});

export const placeSchema = z.looseObject({
  id: z.string(),
  displayName: z.looseObject({ text: z.string().nullish() }).nullish(),
  formattedAddress: z.string().nullish(),
  addressComponents: z.array(component).nullish(),
  postalAddress: z
    .looseObject({
      addressLines: z.array(z.string()).nullish(),
      postalCode: z.string().nullish(),
      locality: z.string().nullish(),
      regionCode: z.string().nullish(),
    })
    .nullish(),
  location: z.looseObject({ latitude: z.number().nullish(), longitude: z.number().nullish() }).nullish(),
  nationalPhoneNumber: z.string().nullish(),
  internationalPhoneNumber: z.string().nullish(),
  movedPlaceId: z.string().nullish(),
});

export type Place = z.output<typeof placeSchema>;

export const searchSchema = z.looseObject({ places: z.array(placeSchema).nullish() });

/** The details of a fault name its reason: a wrong key is answered 400 like a wrong question. */
export const errorSchema = z.looseObject({
  error: z.looseObject({
    status: z.string().nullish(),
    details: z.array(z.looseObject({ reason: z.string().nullish() })).nullish(),
  }),
});

export const SEARCH_MASK =
  "places.id,places.displayName,places.formattedAddress,places.postalAddress,places.addressComponents";
export const PLACE_MASK =
  "id,displayName,addressComponents,postalAddress,location,nationalPhoneNumber,internationalPhoneNumber,movedPlaceId";
