import type { MatchFacts } from "../danish/match-evidence.ts";
import type { Values } from "../model/catalogue.ts";

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const factsByValues = new WeakMap<Values, MatchFacts>();
/** By the facts themselves: what a remote tells of a new company, and the record made of it, are weighed once. */
const factsByText = new Map<string, MatchFacts>();
const FACTS_KEPT = 4_096;

/**
 * What matching may use of values, worked out once per object: nobody changes values in place. `matchTier` takes no number
 * as evidence that fails its check (domain notes, d.1). A cache without state of its own.
 */
export function factsOf(values: Values): MatchFacts {
  let facts = factsByValues.get(values);
  if (facts === undefined) {
    const read = readFacts(values);
    const name = JSON.stringify(read);
    facts = factsByText.get(name) ?? read;
    if (factsByText.size >= FACTS_KEPT) factsByText.clear();
    factsByText.set(name, facts);
    factsByValues.set(values, facts);
  }
  return facts;
}

/** The same without a memory, for values that are looked at once. */
export function readFacts(values: Values): MatchFacts {
  const facts: { -readonly [K in keyof MatchFacts]: MatchFacts[K] } = {};
  if (Array.isArray(values.pNumre)) facts.pNumre = values.pNumre;
  if (Array.isArray(values.emailDomaener)) facts.emailDomaener = values.emailDomaener;
  for (const key of [
    "cvrNr",
    "seNr",
    "krakId",
    "kobId",
    "tdcId",
    "googlePlaceId",
    "eanLokationsnr",
    "firmanavn",
    "adresse1",
    "adresse2",
    "postnr",
    "landekode",
    "telefon",
    "kundetype",
  ] as const) {
    const value = text(values[key]);
    if (value !== undefined) facts[key] = value;
  }
  return facts;
}
