import type { Catalogue, Unit, Values } from "../model/catalogue.ts";
import type { Label, Value } from "../model/field.ts";
import { isEmpty } from "../rules/unit-values.ts";
import type { ExplainedLink, ExplainedUnit, Said } from "./explain.ts";

/** One paragraph in each language. */
export type Texts = Label;
type Language = keyof Label;

const groups: Readonly<Record<string, Label>> = {
  adresse: { da: "Adresse", en: "Address" },
  besoegsadresse: { da: "Besøgsadresse", en: "Visiting address" },
  gps: { da: "Position", en: "Position" },
  registration: { da: "Registreringsnumre", en: "Registration numbers" },
  branche: { da: "Branche", en: "Industry" },
  gdpr: { da: "Samtykke", en: "Consent" },
  arkiveret: { da: "Arkiveret", en: "Archived" },
  begraenset: { da: "Begrænset", en: "Restricted" },
};

/** The reason of a rule, after its number, in words; a rule that is not listed stands by its code. */
const rules: Readonly<Record<string, Label>> = {
  API: { da: "sat gennem API'et", en: "set through the API" },
  default: { da: "standardværdi", en: "default value" },
  "R4:derived": { da: "udledt af et andet felt", en: "derived from another field" },
  "R7:created": { da: "kom med, da posten blev oprettet", en: "came when the record was made" },
  "R12:changed": { da: "kun denne side ændrede den", en: "only this side changed it" },
  "R12:most_recent": { da: "den nyeste ændring vinder", en: "the newest change wins" },
  "R12:order_unknown": { da: "rækkefølgen er ukendt", en: "the order is unknown" },
  "R12:source_priority": { da: "kilden har forrang", en: "the source ranks first" },
  "R12:owner:crm": { da: "CRM ejer feltet", en: "the CRM owns the field" },
  "R12:owner:ledger": { da: "ERP ejer feltet", en: "the ledger owns the field" },
  "R15:pinned": { da: "feltet er låst af en person", en: "the field is pinned by a person" },
  "R15:frozen": { da: "feltet er frosset", en: "the field is frozen" },
  "R15:not_empty": { da: "der skrives kun i et tomt felt", en: "only an empty field is written" },
  "R16:decided": { da: "afgjort af en person", en: "decided by a person" },
  "R26:filled": { da: "feltet var tomt ved første møde", en: "the field was empty at the first meeting" },
  "R26:remote": { da: "det fjerne system gælder ved første møde", en: "the remote decides at the first meeting" },
  "R26:crm": { da: "CRM gælder ved første møde", en: "the CRM decides at the first meeting" },
  "R29:made": { da: "kontaktpersonen blev oprettet af dette", en: "the contact was made by this" },
};

const reasons: Readonly<Record<string, Label>> = {
  held: { da: "feltet venter på en person", en: "the field waits for a person" },
  proposed: { da: "et forslag venter på en person", en: "a proposal waits for a person" },
  switched_off: { da: "retningen er slået fra eller ikke frigivet", en: "the direction is off or not released" },
  archived: { da: "posten er arkiveret", en: "the record is archived" },
  restricted: { da: "posten er begrænset", en: "the record is restricted" },
  erased: { da: "posten er slettet", en: "the record is erased" },
  orphaned: { da: "posten er slettet i CRM", en: "the record was deleted in the CRM" },
  merged: { da: "posten er lagt sammen med en anden", en: "the record was merged into another" },
  frozen: { da: "feltet er frosset", en: "the field is frozen" },
  propose: { da: "feltet kræver en persons ja", en: "the field needs a person's yes" },
  not_empty: { da: "der skrives kun i et tomt felt", en: "only an empty field is written" },
  one_way: { da: "retningen er kun ud, og det fjerne er rettet", en: "one-way out, and edited at the remote" },
  ignored: { da: "det fjerne system tog ikke imod værdien", en: "the remote ignored the value" },
  paused: { da: "forbindelsen er sat på pause", en: "the connection is paused" },
  unlinked: { da: "koblingen er ophævet", en: "it is unlinked" },
  gone: { da: "objektet findes ikke mere i det fjerne system", en: "the object is gone at the remote" },
};

/** The explanation of one unit as a paragraph, in Danish and in English. */
export const textsOf = (catalogue: Catalogue, unit: Unit, told: Omit<ExplainedUnit, "text">): Texts => ({
  da: paragraph("da", catalogue, unit, told),
  en: paragraph("en", catalogue, unit, told),
});

function paragraph(language: Language, catalogue: Catalogue, unit: Unit, told: Omit<ExplainedUnit, "text">): string {
  const say = (da: string, en: string): string => (language === "da" ? da : en);
  const only = unit.fields.length === 1 ? catalogue.fields[unit.fields[0] ?? ""]?.label : undefined;
  const name = (only ?? groups[unit.name])?.[language] ?? unit.name;
  const value = valueText(told.value, language);
  const sentences = [
    value === "" ? say(`${name} er tom.`, `${name} is empty.`) : say(`${name} er ${value}.`, `${name} is ${value}.`),
  ];
  if (told.setBy === null) sentences.push(say("Ingen har sat den.", "Nobody has set it."));
  else {
    const who = whoText(told.setBy, language);
    const when = whenText(told.setBy, language);
    const rule = ruleText(told.rule ?? "", language);
    sentences.push(
      say(
        `Sat af ${who} ${when} (${rule}), version ${told.version}.`,
        `Set by ${who} ${when} (${rule}), version ${told.version}.`,
      ),
    );
  }
  for (const loser of told.losers) {
    const lost = valueText(loser.value, language) || say("tom", "empty");
    const who = whoText(loser.by, language);
    const rule = ruleText(loser.rule, language);
    sentences.push(say(`Tabt: ${who} sagde ${lost} (${rule}).`, `Lost: ${who} said ${lost} (${rule}).`));
  }
  if (told.pinned) sentences.push(say("Feltet er låst af en person.", "A person has pinned the field."));
  for (const { id, kind } of told.held)
    sentences.push(say(`Sag ${id} (${kind}) venter på en person.`, `Review ${id} (${kind}) waits for a person.`));
  for (const link of told.links) sentences.push(linkText(link, language));
  return sentences.join(" ");
}

function linkText(link: ExplainedLink, language: Language): string {
  const say = (da: string, en: string): string => (language === "da" ? da : en);
  const where = `${link.connection}/${link.object} ${link.externalId}`;
  const shown = link.shows === null ? "" : valueText(link.shows, language);
  const shows =
    link.shows === null
      ? say(`${where} har ikke vist feltet`, `${where} has not shown the field`)
      : say(`${where} viser ${shown || "tomt"}`, `${where} shows ${shown || "nothing"}`);
  if (link.because !== null) {
    const why = reasons[link.because]?.[language] ?? link.because;
    return say(`${shows}; intet sendes: ${why}.`, `${shows}; nothing is sent: ${why}.`);
  }
  if (link.next === null) return say(`${shows}; intet skyldes.`, `${shows}; nothing is owed.`);
  const fields = Object.keys(link.next).join(", ");
  const state =
    link.delivery === null
      ? ""
      : say(
          `, levering ${link.delivery.id} er ${link.delivery.state}`,
          `, delivery ${link.delivery.id} is ${link.delivery.state}`,
        );
  return say(`${shows}; ${fields} sendes som det næste${state}.`, `${shows}; ${fields} is sent next${state}.`);
}

function valueText(values: Values, language: Language): string {
  const texts = Object.values(values)
    .filter((value) => !isEmpty(value))
    .map((value) => oneText(value, language));
  return texts.length === 0 ? "" : `»${texts.join(", ")}«`;
}

function oneText(value: Value, language: Language): string {
  if (value === true) return language === "da" ? "ja" : "yes";
  if (value === false) return language === "da" ? "nej" : "no";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function whoText(by: Said, language: Language): string {
  const change = by.change === undefined ? "" : language === "da" ? `, ændring ${by.change}` : `, change ${by.change}`;
  if (by.kind === "connection") return `${by.connection ?? ""}/${by.object ?? ""}${change}`;
  const names: Readonly<Record<string, Label>> = {
    person: { da: "personen", en: "the person" },
    api: { da: "API-nøglen", en: "the API key" },
    derived: { da: "Kobling selv", en: "Kobling itself" },
    system: { da: "Kobling selv", en: "Kobling itself" },
  };
  const name = names[by.kind]?.[language] ?? by.kind;
  return by.actor === undefined ? name : `${name} ${by.actor}`;
}

/** An interval is told as one: when the change was made is known no better (rule R3). */
const whenText = ({ from, to }: Said, language: Language): string =>
  from === to ? to : language === "da" ? `mellem ${from} og ${to}` : `between ${from} and ${to}`;

const ruleText = (rule: string, language: Language): string => {
  const known = rules[rule];
  return known === undefined ? rule : `${rule}: ${known[language]}`;
};
