import { type Evidence, evidenceOf, type MatchFacts } from "./match-evidence.ts";

const REGISTER_IDS = ["krakId", "kobId", "tdcId", "googlePlaceId"] as const;

/**
 * Keys by which two sides can surely meet (M1–M6), sorted: without one in common, or one of `blockKeys`, `matchTier`
 * finds nothing. For grouping a batch.
 */
export function matchKeys(facts: MatchFacts): string[] {
  const keys = new Set<string>();
  const { cvr, se, gln } = evidenceOf(facts);
  for (const id of REGISTER_IDS) if (facts[id]) keys.add(`M1:${id}:${facts[id]}`);
  if (cvr !== null) keys.add(`M3:${cvr}`);
  if (se !== null) keys.add(`M3:${se}`);
  if (gln !== null) keys.add(`M5:${gln}`);
  const place = nameAndHouse(evidenceOf(facts));
  if (place !== null) keys.add(`M6:${place}`);
  return [...keys].sort();
}

/** The key of tier M6: house and name. Null where one is missing. */
export const nameAndHouse = ({ house, name, loose }: Evidence): string | null =>
  house === null || name === null ? null : `${house}|${loose}`;

/**
 * Keys that sides share which may be one company though nothing proves it (M6 by a second agreement, M7, M8): telephone,
 * domain, house, and how the longest words of the name sound, within a postal code.
 */
export function blockKeys(facts: MatchFacts): string[] {
  const { phone, domains, house, name } = evidenceOf(facts);
  if (name === null) return [];
  const keys = domains.map((domain) => `domain:${domain}`);
  if (phone !== null) keys.push(`phone:${phone}`);
  if (house !== null) keys.push(`house:${house}`);
  for (const sound of soundBlocks(facts)) keys.push(`sound:${sound}`);
  return keys;
}

/** How the longest words of the name sound, each within the postal code. Empty without either. */
export function soundBlocks(facts: MatchFacts): string[] {
  const { postal, sounds, isBareTrade } = evidenceOf(facts);
  return postal === null || isBareTrade ? [] : sounds.map((sound) => `${postal}|${sound}`);
}

/**
 * What is locked around a create (rule R7): everything by which two sides can be linked without a person. Where a name or a
 * street is typed wrongly, telephone or domain is equal and is what is locked; a house alone never is, since many share one and
 * would wait for each other.
 */
export function lockKeysOf(facts: MatchFacts): string[] {
  const { house, phone, domains } = evidenceOf(facts);
  const keys = matchKeys(facts);
  if (house === null) return keys;
  if (phone !== null) keys.push(`phone:${phone}`);
  for (const domain of domains) keys.push(`domain:${domain}`);
  return keys;
}
