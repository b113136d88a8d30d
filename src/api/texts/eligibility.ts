import type { Label } from "../../model/field.ts";
import type { RefusalCode, WarningCode } from "../../rules/eligibility.ts";

/** Why somebody may not be reached, and what should be seen to, in words with the way out. */
export const eligibilityTexts: Readonly<Record<RefusalCode | WarningCode, Label>> = {
  erased: { da: "Posten er slettet.", en: "The record was erased." },
  merged: {
    da: "Posten er lagt ind i en anden; spørg om den.",
    en: "The record was merged into another; ask about that one.",
  },
  archived: { da: "Posten er arkiveret.", en: "The record is archived." },
  orphaned: {
    da: "CRM har slettet posten; afgør sagen først.",
    en: "The CRM has deleted the record; decide the case first.",
  },
  restricted: { da: "Behandlingen er begrænset (art. 18).", en: "Its processing is restricted (art. 18)." },
  no_address: { da: "Der er ingen adresse til denne kanal.", en: "There is no address of this channel." },
  accounts_address: {
    da: "Adressen er bogholderiets og bruges ikke.",
    en: "The address is the accounts office's and is not used.",
  },
  campaigns_not_allowed: { da: "Tillad kampagne er ikke slået til.", en: "Campaigns are not allowed at the record." },
  objection: { da: "Der er gjort indsigelse mod markedsføring.", en: "There is an objection to marketing." },
  ad_protected: {
    da: "Virksomheden er reklamebeskyttet, og der er intet samtykke.",
    en: "The company is protected against advertising, and has given no consent.",
  },
  ad_protection_unknown: {
    da: "Reklamebeskyttelse er ikke undersøgt; slå virksomheden op i CVR.",
    en: "Whether it is protected against advertising is not known; look the company up in CVR.",
  },
  gdpr_not_ok: { da: "GDPR-godkendelse med dato mangler.", en: "A GDPR approval with its date is missing." },
  consent_missing: { da: "Samtykke til kanalen mangler.", en: "There is no consent to this channel." },
  consent_withdrawn: { da: "Samtykket er trukket tilbage.", en: "The consent was withdrawn." },
  unreachable: { da: "Adressen kan ikke nås.", en: "The address cannot be reached." },
  complained: { da: "Modtageren har klaget.", en: "The receiver has complained." },
  soft_opt_in_no_customer: {
    da: "Kun bestående kunder kan få lignende tilbud uden samtykke.",
    en: "Only existing customers may get similar offers without consent.",
  },
  request_missing: {
    da: "En forbruger ringes kun op efter egen anmodning.",
    en: "A consumer is called only at the own request.",
  },
  robinson_listed: { da: "Personen står på Robinson-listen.", en: "The person is on the Robinson list." },
  robinson_unknown: { da: "Robinson-listen er ikke undersøgt.", en: "The Robinson list was not asked." },
  robinson_outdated: {
    da: "Robinson-listen er ikke undersøgt i dette kvartal.",
    en: "The Robinson list was not asked this quarter.",
  },
  passing_on_consent_missing: {
    da: "Samtykke til videregivelse mangler.",
    en: "There is no consent to pass the data on.",
  },
  consent_lapsing: {
    da: "Samtykket er ikke brugt i et år og kan bortfalde.",
    en: "The consent was not used for a year and may lapse.",
  },
  gdpr_old: { da: "GDPR-godkendelsen er over et år gammel.", en: "The GDPR approval is more than a year old." },
  company_ceased: { da: "Virksomheden er ophørt eller under ophør.", en: "The company has ceased, or is about to." },
};
