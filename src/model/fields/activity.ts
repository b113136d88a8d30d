import { defineFields } from "../field.ts";

/** What adds up from a Kundeemne's activities and tilbud (domain notes, a8): computed, never written. */
export const activityFields = defineFields({
  tilbudKr: {
    kind: "decimal",
    label: { da: "Tilbud i alt, kr.", en: "Offers in all, DKK" },
    computed: true,
    sum: true,
    personalData: "no",
  },
  vaerdi: {
    kind: "decimal",
    label: { da: "Værdi, salgsaktiviteter, kr.", en: "Value of sales activities, DKK" },
    computed: true,
    sum: true,
    personalData: "no",
  },
  nyesteAkt: {
    kind: "date",
    label: { da: "Nyeste aktivitet", en: "Latest activity" },
    computed: true,
    personalData: "no",
  },
});
