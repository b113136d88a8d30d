import { defineFields } from "../field.ts";
import { crm, register } from "./survivorship.ts";

/** Relations, segmentation, free text (domain notes, a6 and a7). */
export const segmentationFields = defineFields({
  // a6 Relations and segmentation
  "branche.kode": {
    kind: "text",
    label: { da: "Branche", en: "Industry code" },
    max: 6,
    group: "branche",
    personalData: "no",
    survivorship: register,
  },
  "branche.klassifikation": {
    kind: "code",
    codes: ["DB07", "DB25", "unknown"],
    label: { da: "Branche, klassifikation", en: "Industry classification" },
    group: "branche",
    personalData: "no",
    survivorship: register,
  },
  bibrancher: {
    kind: "textSet",
    label: { da: "Bibrancher", en: "Secondary industries" },
    max: 12,
    personalData: "no",
    survivorship: register,
  },
  maalgrupper: {
    kind: "textSet",
    label: { da: "Målgrupper", en: "Target groups" },
    max: 30,
    personalData: "no",
    survivorship: crm,
  },
  interessetyper: {
    kind: "textSet",
    label: { da: "Interessetyper", en: "Interests" },
    max: 30,
    personalData: "conditional",
    survivorship: crm,
  },
  kundetype: {
    kind: "code",
    codes: ["BTB", "BTC", "BTG"],
    label: { da: "Kundetype", en: "Customer type" },
    personalData: "no",
    survivorship: crm,
  },
  "antalMedarbejdere.fra": {
    kind: "int",
    min: 0,
    label: { da: "Antal medarbejdere, fra", en: "Employees, from" },
    group: "antalMedarbejdere",
    personalData: "no",
    survivorship: register,
  },
  "antalMedarbejdere.til": {
    kind: "int",
    min: 0,
    label: { da: "Antal medarbejdere, til", en: "Employees, to" },
    group: "antalMedarbejdere",
    personalData: "no",
    survivorship: register,
  },
  status: { kind: "listCode", label: { da: "Status", en: "Status" }, max: 30, personalData: "no", survivorship: crm },

  // a7 Notes and free text
  bemaerk1: {
    kind: "longText",
    label: { da: "Bemærk 1", en: "Remark 1" },
    max: 255,
    personalData: "conditional",
    survivorship: crm,
    exportable: false,
  },
  bemaerk2: {
    kind: "longText",
    label: { da: "Bemærk 2", en: "Remark 2" },
    max: 255,
    personalData: "conditional",
    survivorship: crm,
    exportable: false,
  },
  bemaerk3: {
    kind: "longText",
    label: { da: "Bemærk 3", en: "Remark 3" },
    max: 255,
    personalData: "conditional",
    survivorship: crm,
    exportable: false,
  },
  overordnetTekst: {
    kind: "longText",
    label: { da: "Overordnet tekst", en: "Header text" },
    max: 10_000,
    personalData: "conditional",
    survivorship: crm,
  },
  pakkeinfo: {
    kind: "longText",
    label: { da: "Pakkeinfo", en: "Parcel information" },
    max: 2_000,
    personalData: "no",
    survivorship: crm,
  },
  pallespecifikation: {
    kind: "longText",
    label: { da: "Pallespecifikation", en: "Pallet specification" },
    max: 2_000,
    personalData: "no",
    survivorship: crm,
  },
  titler: {
    kind: "textList",
    label: { da: "Titler", en: "Titles" },
    max: 60,
    personalData: "conditional",
    survivorship: crm,
  },
  profiler: {
    kind: "textList",
    label: { da: "Profiler", en: "Profiles" },
    max: 60,
    personalData: "conditional",
    survivorship: crm,
  },
});
