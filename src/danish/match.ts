import { addressKey } from "./address.ts";
import { type CompanyName, nameKey } from "./company-name.ts";
import { isValidCvr } from "./cvr.ts";
import { isValidGln } from "./gln.ts";
import { trigramSimilarity } from "./name-similarity.ts";
import { keyLoose } from "./text.ts";

/** What is known of one side. Absent and null are the same: no evidence. */
export interface MatchFacts {
  readonly cvrNr?: string | null;
  readonly seNr?: string | null;
  readonly pNumre?: readonly string[] | null;
  readonly krakId?: string | null;
  readonly kobId?: string | null;
  readonly tdcId?: string | null;
  readonly googlePlaceId?: string | null;
  readonly eanLokationsnr?: string | null;
  readonly firmanavn?: string | null;
  readonly adresse1?: string | null;
  readonly postnr?: string | null;
  readonly landekode?: string | null;
  /** `BTC`: persons, of whom two at one address may bear one name. */
  readonly kundetype?: string | null;
}

export type Tier = "M1" | "M2" | "M3" | "M4" | "M5" | "M6";
export type MatchReason =
  | "register_id"
  | "register_id_other_cvr"
  | "cvr_and_p_number"
  | "cvr_and_se"
  | "cvr_and_name"
  | "cvr_renamed"
  | "cvr_without_name"
  | "cvr_other_unit"
  | "cvr_several"
  | "se_is_others_cvr"
  | "gln"
  | "name_and_address"
  | "name_and_address_with_cvr"
  | "name_and_address_other_form"
  | "name_and_address_other_owner"
  | "name_and_address_generic"
  | "name_and_address_persons";

export interface Hit {
  readonly tier: Tier;
  readonly action: "link" | "queue" | "conflict";
  readonly reason: MatchReason;
}

export type Choice =
  | { readonly kind: "one"; readonly id: string; readonly tier: Tier }
  | { readonly kind: "several"; readonly ids: readonly string[]; readonly tier: Tier }
  | { readonly kind: "none" };

const REGISTER_IDS = ["krakId", "kobId", "tdcId", "googlePlaceId"] as const;
/** Below it, one CVR number under two names is a renaming that a person should see (domain notes, e.8). */
const SAME_NAME_SIMILARITY = 0.6;

/**
 * The strongest evidence that two sides are one company (domain notes, e.8, M1–M6; M0, a stored link, is the store's).
 * Numbers that fail their check digit are no evidence. Two valid CVR numbers that differ are never one company; only a
 * shared register id then makes a conflict. Several records with one CVR number are judged by `chooseMatch`.
 */
export function matchTier(a: MatchFacts, b: MatchFacts): Hit | null {
  const company = compareCompany(a, b);
  if (REGISTER_IDS.some((id) => isSame(a[id], b[id])))
    return company === "other" || haveTwoCvr(a, b)
      ? { tier: "M1", action: "conflict", reason: "register_id_other_cvr" }
      : { tier: "M1", action: "link", reason: "register_id" };
  if (company === "other") return null;
  if (company === "same") return sameCvr(a, b);
  if (company === "crossed") return { tier: "M3", action: "queue", reason: "se_is_others_cvr" };
  const nameAndAddress = sameNameAndAddress(a, b);
  if (nameAndAddress?.action === "link") return nameAndAddress;
  const gln = validOr(a.eanLokationsnr, isValidGln);
  if (gln !== null && gln === b.eanLokationsnr) return { tier: "M5", action: "queue", reason: "gln" };
  return nameAndAddress;
}

/**
 * Keys by which two sides can meet, sorted: without a key in common `matchTier` finds nothing. For grouping a batch and
 * for locks around a create (rule R7).
 */
export function matchKeys(facts: MatchFacts): string[] {
  const keys = new Set<string>();
  for (const id of REGISTER_IDS) if (facts[id]) keys.add(`M1:${id}:${facts[id]}`);
  const cvr = validOr(facts.cvrNr, isValidCvr);
  const se = validOr(facts.seNr, isValidCvr);
  if (cvr !== null) keys.add(`M3:${cvr}`);
  if (se !== null) keys.add(`M3:${se}`);
  const gln = validOr(facts.eanLokationsnr, isValidGln);
  if (gln !== null) keys.add(`M5:${gln}`);
  const place = nameAndAddressKey(facts);
  if (place !== null) keys.add(`M6:${place}`);
  return [...keys].sort();
}

/** Which of the records the candidate means: one, several for a person to choose from (best first), or none. */
export function chooseMatch(
  candidate: MatchFacts,
  records: readonly { readonly id: string; readonly facts: MatchFacts }[],
): Choice {
  const hits: Ranked[] = [];
  for (const { id, facts } of records) {
    const hit = matchTier(candidate, facts);
    if (hit !== null) hits.push({ id, hit, rank: rankOf(candidate, facts) });
  }
  const byCvr = hits.filter(({ hit }) => hit.tier === "M3" || hit.tier === "M4").length;
  const judged = byCvr > 1 ? hits.map(branchesAsSeveral) : hits;
  judged.sort(compareRanked);
  const best = judged[0];
  if (best === undefined) return { kind: "none" };
  const isAlone = judged.filter(({ hit }) => hit.tier === best.hit.tier).length === 1;
  if (isAlone && best.hit.action === "link") return { kind: "one", id: best.id, tier: best.hit.tier };
  return { kind: "several", ids: judged.map(({ id }) => id), tier: best.hit.tier };
}

interface Ranked {
  readonly id: string;
  readonly hit: Hit;
  readonly rank: number;
}

const branchesAsSeveral = (each: Ranked): Ranked =>
  each.hit.tier === "M3" ? { ...each, hit: { tier: "M4", action: "queue", reason: "cvr_several" } } : each;

function compareRanked(a: Ranked, b: Ranked): number {
  if (a.hit.tier !== b.hit.tier) return a.hit.tier < b.hit.tier ? -1 : 1;
  return b.rank - a.rank || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The same house counts before any likeness of names, which is 1 at most. */
function rankOf(a: MatchFacts, b: MatchFacts): number {
  const address = addressKey(a);
  return (address !== null && address === addressKey(b) ? 2 : 0) + similarityOf(a, b);
}

/** Two valid CVR numbers that differ: never linked, also where one is the other's SE number. */
const haveTwoCvr = (a: MatchFacts, b: MatchFacts): boolean =>
  a.cvrNr !== b.cvrNr && validOr(a.cvrNr, isValidCvr) !== null && validOr(b.cvrNr, isValidCvr) !== null;

type Company = "same" | "other" | "crossed" | "unknown";

/** A number that one side has as SE and the other as CVR may be one company's, so it is not "other" (rule R2). */
function compareCompany(a: MatchFacts, b: MatchFacts): Company {
  const [cvrA, cvrB] = [validOr(a.cvrNr, isValidCvr), validOr(b.cvrNr, isValidCvr)];
  if (cvrA !== null && cvrA === cvrB) return "same";
  const [seA, seB] = [validOr(a.seNr, isValidCvr), validOr(b.seNr, isValidCvr)];
  if (isSame(cvrA, seB) || isSame(seA, cvrB) || (isSame(seA, seB) && (cvrA === null || cvrB === null)))
    return "crossed";
  return cvrA !== null && cvrB !== null ? "other" : "unknown";
}

function sameCvr(a: MatchFacts, b: MatchFacts): Hit {
  const [unitsA, unitsB] = [a.pNumre ?? [], b.pNumre ?? []];
  if (unitsA.some((unit) => unitsB.includes(unit))) return { tier: "M2", action: "link", reason: "cvr_and_p_number" };
  const isOtherUnit = unitsA.length > 0 && unitsB.length > 0;
  if (!isOtherUnit && isSame(a.seNr, b.seNr)) return { tier: "M2", action: "link", reason: "cvr_and_se" };
  const isOtherSe = Boolean(a.seNr && b.seNr && a.seNr !== b.seNr);
  if (isOtherUnit || isOtherSe) return { tier: "M4", action: "queue", reason: "cvr_other_unit" };
  if (!a.firmanavn || !b.firmanavn) return { tier: "M3", action: "queue", reason: "cvr_without_name" };
  return similarityOf(a, b) >= SAME_NAME_SIMILARITY
    ? { tier: "M3", action: "link", reason: "cvr_and_name" }
    : { tier: "M3", action: "queue", reason: "cvr_renamed" };
}

function sameNameAndAddress(a: MatchFacts, b: MatchFacts): Hit | null {
  const key = nameAndAddressKey(a);
  if (key === null || key !== nameAndAddressKey(b)) return null;
  const doubt = doubtOf(a, b);
  return doubt === null
    ? { tier: "M6", action: "link", reason: "name_and_address" }
    : { tier: "M6", action: "queue", reason: doubt };
}

function doubtOf(a: MatchFacts, b: MatchFacts): MatchReason | null {
  const [nameA, nameB] = [nameKey(a.firmanavn ?? ""), nameKey(b.firmanavn ?? "")];
  if (a.kundetype === "BTC" || b.kundetype === "BTC") return "name_and_address_persons";
  if (a.cvrNr || b.cvrNr) return "name_and_address_with_cvr";
  if (differ(nameA.form, nameB.form)) return "name_and_address_other_form";
  if (differ(nameA.owner, nameB.owner)) return "name_and_address_other_owner";
  return isBareTrade(nameA) || isBareTrade(nameB) ? "name_and_address_generic" : null;
}

/** `Malerfirma` without an owner says nobody's name. */
const isBareTrade = ({ generic, owner }: CompanyName): boolean => generic && owner === undefined;

const differ = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && a !== b;

function nameAndAddressKey(facts: MatchFacts): string | null {
  if (!facts.firmanavn) return null;
  const address = addressKey(facts);
  return address === null ? null : `${address}|${keyLoose(nameKey(facts.firmanavn).key)}`;
}

const similarityOf = (a: MatchFacts, b: MatchFacts): number =>
  trigramSimilarity(nameKey(a.firmanavn ?? "").key, nameKey(b.firmanavn ?? "").key);

const isSame = (a: string | null | undefined, b: string | null | undefined): boolean =>
  a !== null && a !== undefined && a !== "" && a === b;

const validOr = (value: string | null | undefined, isValid: (text: string) => boolean): string | null =>
  value !== null && value !== undefined && isValid(value) ? value : null;
