import { activityFields } from "./fields/activity.ts";
import { addressFields } from "./fields/address.ts";
import { consentFields } from "./fields/consent.ts";
import { financeFields } from "./fields/finance.ts";
import { identityFields } from "./fields/identity.ts";
import type { kontaktpersonFields } from "./fields/kontaktperson.ts";
import { segmentationFields } from "./fields/segmentation.ts";

/**
 * The fields of a Kundeemne (domain notes, sections a1–a9). A dot in a key means that the API shows it nested
 * (`gps.lat` → `{ gps: { lat } }`). Order is the order in documents and tables.
 */
export const kundeemneFields = {
  ...identityFields,
  ...addressFields,
  ...financeFields,
  ...segmentationFields,
  ...activityFields,
  ...consentFields,
} as const;

export type KundeemneField = keyof typeof kundeemneFields;
export type KontaktpersonField = keyof typeof kontaktpersonFields;
