import { emailAddressKey } from "../danish/email-domain.ts";
import type { Values } from "../model/catalogue.ts";
import type { RecordFacts } from "./eligibility.ts";

/** What a stored record says of itself, as far as eligibility asks. */
export interface StoredState {
  readonly values: Values;
  readonly erased: boolean;
  readonly merged: boolean;
  readonly orphaned: boolean;
}

/** Statuses of CVR of a unit that has ceased, or is about to: an open set, told by their words (specs of CVR). */
const CEASED = /OPHØRT|OPLØST|OPLØSNING|KONKURS|LIKVIDATION|SLETTET|CEASED|BANKRUPT/i;

/** Fields of a record that eligibility reads, besides those of the address. */
export const FACT_FIELDS: readonly string[] = [
  ...["bogholderiEmail", "kundetype", "arkiveret.vaerdi", "begraenset.vaerdi", "tilladKampagne", "indsigelse"],
  ...["virksomhedsform", "reklamebeskyttet.vaerdi", "cvrStatus.status", "gdprOk", "gdprDato", "robinson.listed"],
  ...["robinson.checkedAt", "findesDeb"],
];

/** The facts of a record for the rule of eligibility (domain notes, d.9). What is not known is null. */
export function recordFactsOf({ values, erased, merged, orphaned }: StoredState): RecordFacts {
  const accounts = text(values.bogholderiEmail);
  const kundetype = text(values.kundetype);
  return {
    ...{ erased, merged, orphaned },
    archived: values["arkiveret.vaerdi"] === true,
    restricted: values["begraenset.vaerdi"] === true,
    tilladKampagne: flag(values.tilladKampagne),
    indsigelse: text(values.indsigelse),
    kundetype: kundetype === "BTB" || kundetype === "BTC" || kundetype === "BTG" ? kundetype : null,
    virksomhedsform: text(values.virksomhedsform),
    reklamebeskyttet: flag(values["reklamebeskyttet.vaerdi"]),
    ceased: CEASED.test(text(values["cvrStatus.status"]) ?? ""),
    gdprOk: flag(values.gdprOk),
    gdprDato: text(values.gdprDato),
    robinsonListed: flag(values["robinson.listed"]),
    robinsonCheckedAt: text(values["robinson.checkedAt"]),
    findesDeb: values.findesDeb === true,
    accountsAddress: accounts === null ? null : emailAddressKey(accounts),
  };
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const flag = (value: unknown): boolean | null => (typeof value === "boolean" ? value : null);
