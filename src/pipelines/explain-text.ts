import type { Catalogue, Unit, Values } from "../model/catalogue.ts";
import type { Label, Value } from "../model/field.ts";
import { isEmpty } from "../rules/unit-values.ts";
import type { ExplainedUnit, Said } from "./explain.ts";
import type { ExplainedLink, ExplainedPlace } from "./explain-links.ts";
import { groupNames, reasons, ruleReasons } from "./explain-words.ts";

/** One paragraph in each language. */
export type Texts = Label;
type Language = keyof Label;

/** The explanation of one unit as a paragraph, in Danish and in English. */
export const textsOf = (catalogue: Catalogue, unit: Unit, told: Omit<ExplainedUnit, "text">): Texts => ({
  da: paragraph("da", catalogue, unit, told),
  en: paragraph("en", catalogue, unit, told),
});

function paragraph(language: Language, catalogue: Catalogue, unit: Unit, told: Omit<ExplainedUnit, "text">): string {
  const say = (da: string, en: string): string => (language === "da" ? da : en);
  const only = unit.fields.length === 1 ? catalogue.fields[unit.fields[0] ?? ""]?.label : undefined;
  const name = (only ?? groupNames[unit.name])?.[language] ?? unit.name;
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
        `Sat af ${who} ${when} (${rule}), version ${told.version}${mapping(told.setBy)}.`,
        `Set by ${who} ${when} (${rule}), version ${told.version}${mapping(told.setBy)}.`,
      ),
    );
  }
  for (const loser of told.losers) {
    const lost = valueText(loser.value, language) || say("tom", "empty");
    const who = whoText(loser.by, language);
    const rule = ruleText(loser.rule, language);
    sentences.push(say(`Tabt: ${who} sagde ${lost} (${rule}).`, `Lost: ${who} said ${lost} (${rule}).`));
  }
  for (const policy of told.policies) sentences.push(policyText(policy, language));
  for (const { id, kind, sides } of told.held) {
    const said = sides.map((side) => {
      const who = side.connection === null ? say("vores", "ours") : `${side.connection}/${side.object ?? ""}`;
      return `${who} ${valueText(side.value, language) || say("tom", "empty")}`;
    });
    const list = said.length === 0 ? "" : `: ${said.join(", ")}`;
    sentences.push(
      say(`Sag ${id} (${kind}) venter på en person${list}.`, `Review ${id} (${kind}) waits for a person${list}.`),
    );
  }
  for (const link of told.links) sentences.push(linkText(link, language));
  for (const place of told.absent) sentences.push(placeText(place, language));
  return sentences.join(" ");
}

const mapping = (by: Said): string => (by.mapping === undefined ? "" : `, mapping ${by.mapping}`);

function policyText(policy: ExplainedUnit["policies"][number], language: Language): string {
  const say = (da: string, en: string): string => (language === "da" ? da : en);
  const until = policy.until === null ? "" : say(` til ${policy.until}`, ` until ${policy.until}`);
  const at = policy.connection === null ? "" : say(` for ${policy.connection}`, ` for ${policy.connection}`);
  return policy.pin
    ? say(
        `Feltet er låst af ${policy.by}${at}${until}: ${policy.reason}.`,
        `The field is pinned by ${policy.by}${at}${until}: ${policy.reason}.`,
      )
    : say(
        `Reglen ${policy.policy}${at}${until} er sat af ${policy.by}: ${policy.reason}.`,
        `The policy ${policy.policy}${at}${until} was set by ${policy.by}: ${policy.reason}.`,
      );
}

function placeText(place: ExplainedPlace, language: Language): string {
  const say = (da: string, en: string): string => (language === "da" ? da : en);
  const where = `${place.connection}/${place.object}`;
  if (place.because !== null) {
    const why = reasons[place.because]?.[language] ?? place.because;
    return say(`${where} har den ikke: ${why}.`, `${where} has it not: ${why}.`);
  }
  return place.next === null
    ? say(`${where} får posten uden feltet.`, `${where} gets the record without the field.`)
    : say(`${where} får feltet, når posten oprettes dér.`, `${where} gets the field when the record is made there.`);
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
    const reason = reasons[link.because]?.[language];
    // The detail is in English: where the language has words for the code, only times stand beside them.
    const more = link.because === "quiet" ? say(` til ${link.detail}`, ` until ${link.detail}`) : "";
    const why = `${reason ?? link.detail ?? link.because}${more}`;
    if (link.next !== null) {
      const waiting = Object.keys(link.next).join(", ");
      return say(
        `${shows}; ${waiting} skyldes, men venter: ${why}.`,
        `${shows}; ${waiting} is owed, but waits: ${why}.`,
      );
    }
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
  const known = ruleReasons[rule];
  return known === undefined ? rule : `${rule}: ${known[language]}`;
};
