import type { RemoteImage } from "../../mappings/mapping.ts";
import type { Place } from "./wire.ts";

const DECIMALS = 7;

/** The six groups of a look-up (S16), flat; `expiresAt`: until when they may be kept. */
export function imageOf(place: Place, expiresAt: Date): RemoteImage {
  const { latitude, longitude } = place.location ?? {};
  const isPlaced = typeof latitude === "number" && typeof longitude === "number";
  return {
    placeId: place.id,
    navn: place.displayName?.text ?? null,
    ...addressOf(place),
    telefon: place.internationalPhoneNumber ?? place.nationalPhoneNumber ?? null,
    ...(isPlaced
      ? {
          ...{
            lat: latitude.toFixed(DECIMALS),
            lng: longitude.toFixed(DECIMALS),
            kilde: "google",
            praecision: "place",
          },
          udloeber: expiresAt.toISOString(),
        }
      : {}),
  };
}

/** Street and number, postal code, town and country; a part that is not told is empty. */
export function addressOf({ addressComponents, postalAddress }: Place): Record<string, string | null> {
  const part = (type: string, isShort = false): string | null => {
    const found = (addressComponents ?? []).find(({ types }) => types?.includes(type) === true);
    return (isShort ? found?.shortText : found?.longText) ?? null;
  };
  const [route, number] = [part("route"), part("street_number")];
  const street = route === null ? null : number === null ? route : `${route} ${number}`;
  return {
    adresse1: street ?? postalAddress?.addressLines?.[0] ?? null,
    postnr: part("postal_code") ?? postalAddress?.postalCode ?? null,
    bynavn: part("postal_town") ?? part("locality") ?? postalAddress?.locality ?? null,
    landekode: part("country", true) ?? postalAddress?.regionCode ?? null,
  };
}
