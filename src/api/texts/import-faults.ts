import type { Language } from "../language.ts";

/** Why a row of a file was not taken, where the tables of values have no sentence; in English the rule's own is told. */
export const importFaults: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  da: {
    bad_shape: "Værdien har ikke den form, som feltet skal have.",
    bad_value: "Værdien kan ikke læses. Datoer og tal skrives, som det er sagt for filen; ja og nej som ja og nej.",
    cell_count: "Rækken har et andet antal celler end overskriften: står der et skilletegn eller linjeskift for meget?",
    cell_error: "Cellen viser en fejl fra regnearket.",
    cpr_like: "Ti cifre kan være et CPR-nummer og gemmes ikke.",
    duplicate_key: "En tidligere række i filen har samme nøgle.",
    fault: "Rækken kunne ikke behandles; se loggen.",
    incomplete: "Feltet giver kun mening sammen med et andet, som mangler.",
    not_allowed: "Værdien er ikke en af feltets.",
    required: "Feltet skal udfyldes for at oprette et Kundeemne.",
    too_large: "Tallet er for stort.",
    too_long: "Teksten er for lang.",
    too_small: "Tallet er for lille.",
    unknown_code: "Koden er ikke en af feltets.",
    wrong_type: "Værdien har ikke den rette type.",
  },
  en: {
    fault: "The row could not be dealt with; see the log.",
    required: "The field is required to make a Kundeemne.",
  },
};

export const errorColumns: Readonly<Record<Language, { readonly line: string; readonly reasons: string }>> = {
  da: { line: "Linje i filen", reasons: "Fejl" },
  en: { line: "Line of the file", reasons: "Errors" },
};
