import { type Evidence, evidenceOf, type MatchFacts } from "./match-evidence.ts";
import { nameAndHouse } from "./match-keys.ts";
import { trigramSimilarity } from "./name-similarity.ts";
import { soundKey } from "./sound-key.ts";
import { keyLoose } from "./text.ts";
import { likeNames, typingFaults } from "./typing-faults.ts";

export type Tier = "M1" | "M2" | "M3" | "M4" | "M5" | "M6" | "M7" | "M8";
export type MatchReason =
  | "register_id"
  | "register_id_other_cvr"
  | "cvr_and_p_number"
  | "cvr_and_se"
  | "cvr_and_name"
  | "cvr_renamed"
  | "cvr_renamed_same_telephone"
  | "cvr_renamed_same_domain"
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
  | "name_and_address_persons"
  | "like_name_house_and_telephone"
  | "like_name_house_and_domain"
  | "name_and_telephone"
  | "name_and_domain"
  | "like_name_and_house"
  | "like_name_and_postal_code";

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

/** From it on, names are alike enough to ask a person where something else agrees (domain notes, e.8, M7). */
const LIKE_NAME_SIMILARITY = 0.8;

/**
 * The strongest evidence that two sides are one company (domain notes, e.8, M1–M8; M0, a stored link, is the store's).
 * Numbers that fail their check digit are no evidence. Two valid CVR numbers that differ are never one company; only a
 * shared register id then makes a conflict. Several records with one CVR number are judged by `chooseMatch`.
 */
export function matchTier(a: MatchFacts, b: MatchFacts): Hit | null {
  const [left, right] = [evidenceOf(a), evidenceOf(b)];
  const company = compareCompany(left, right);
  if (REGISTER_IDS.some((id) => isSame(a[id], b[id])))
    return company === "other" || haveTwoCvr(left, right)
      ? { tier: "M1", action: "conflict", reason: "register_id_other_cvr" }
      : { tier: "M1", action: "link", reason: "register_id" };
  if (company === "other") return null;
  if (company === "same") return sameCvr(a, b);
  if (company === "crossed") return { tier: "M3", action: "queue", reason: "se_is_others_cvr" };
  const nameAndAddress = sameNameAndAddress(a, b);
  if (nameAndAddress?.action === "link") return nameAndAddress;
  const agreed = agreement(left, right);
  if (agreed !== null && isLikeInHouse(a, b))
    return { tier: "M6", action: "link", reason: `like_name_house_and_${agreed}` };
  if (isSame(left.gln, right.gln)) return { tier: "M5", action: "queue", reason: "gln" };
  if (nameAndAddress !== null) return nameAndAddress;
  if (agreed !== null && !haveOtherNumbers(left, right) && similarityOf(left, right) >= LIKE_NAME_SIMILARITY)
    return { tier: "M7", action: "queue", reason: `name_and_${agreed}` };
  return likeNameNearby(left, right);
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
  const [left, right] = [evidenceOf(a), evidenceOf(b)];
  return (isSame(left.house, right.house) ? 2 : 0) + similarityOf(left, right);
}

/** Two valid CVR numbers that differ: never linked, also where one is the other's SE number. */
const haveTwoCvr = (a: Evidence, b: Evidence): boolean => a.cvr !== null && b.cvr !== null && a.cvr !== b.cvr;

type Company = "same" | "other" | "crossed" | "unknown";

/** A number that one side has as SE and the other as CVR may be one company's, so it is not "other" (rule R2). */
function compareCompany(a: Evidence, b: Evidence): Company {
  if (isSame(a.cvr, b.cvr)) return "same";
  if (isSame(a.cvr, b.se) || isSame(a.se, b.cvr) || (isSame(a.se, b.se) && (a.cvr === null || b.cvr === null)))
    return "crossed";
  return a.cvr !== null && b.cvr !== null ? "other" : "unknown";
}

function sameCvr(a: MatchFacts, b: MatchFacts): Hit {
  const [left, right] = [evidenceOf(a), evidenceOf(b)];
  const [unitsA, unitsB] = [a.pNumre ?? [], b.pNumre ?? []];
  if (unitsA.some((unit) => unitsB.includes(unit))) return { tier: "M2", action: "link", reason: "cvr_and_p_number" };
  const isOtherUnit = unitsA.length > 0 && unitsB.length > 0;
  if (!isOtherUnit && isSame(a.seNr, b.seNr)) return { tier: "M2", action: "link", reason: "cvr_and_se" };
  const isOtherSe = Boolean(a.seNr && b.seNr && a.seNr !== b.seNr);
  if (isOtherUnit || isOtherSe) return { tier: "M4", action: "queue", reason: "cvr_other_unit" };
  if (!a.firmanavn || !b.firmanavn) return { tier: "M3", action: "queue", reason: "cvr_without_name" };
  if (similarityOf(left, right) >= SAME_NAME_SIMILARITY) return { tier: "M3", action: "link", reason: "cvr_and_name" };
  const agreed = left.isPerson || right.isPerson ? null : agreement(left, right);
  return agreed === null
    ? { tier: "M3", action: "queue", reason: "cvr_renamed" }
    : { tier: "M3", action: "link", reason: `cvr_renamed_same_${agreed}` };
}

function sameNameAndAddress(a: MatchFacts, b: MatchFacts): Hit | null {
  const key = nameAndHouse(evidenceOf(a));
  if (key === null || key !== nameAndHouse(evidenceOf(b))) return null;
  const doubt = doubtOf(a, b);
  return doubt === null
    ? { tier: "M6", action: "link", reason: "name_and_address" }
    : { tier: "M6", action: "queue", reason: doubt };
}

function doubtOf(a: MatchFacts, b: MatchFacts): MatchReason | null {
  const doubt = nameDoubt(evidenceOf(a), evidenceOf(b));
  if (doubt === "name_and_address_persons") return doubt;
  return a.cvrNr || b.cvrNr ? "name_and_address_with_cvr" : doubt;
}

function nameDoubt(a: Evidence, b: Evidence): MatchReason | null {
  if (a.isPerson || b.isPerson) return "name_and_address_persons";
  if (isOtherForm(a, b)) return "name_and_address_other_form";
  if (differ(a.name?.owner, b.name?.owner)) return "name_and_address_other_owner";
  return a.isBareTrade || b.isBareTrade ? "name_and_address_generic" : null;
}

/**
 * The second agreement that may link (docs/decisions/0016): telephone or domain are equal, so a name that is only like
 * the other one, in the same house, is enough where at most one side has a CVR number. Whatever speaks against it (another
 * form, owner, unit or register id) leaves it to a person.
 */
function isLikeInHouse(a: MatchFacts, b: MatchFacts): boolean {
  const [left, right] = [evidenceOf(a), evidenceOf(b)];
  if (left.isPerson || right.isPerson || (a.cvrNr && b.cvrNr)) return false;
  if (differ(a.seNr, b.seNr) || REGISTER_IDS.some((id) => differ(a[id], b[id]))) return false;
  const [units, others] = [a.pNumre ?? [], b.pNumre ?? []];
  if (units.length > 0 && others.length > 0 && !units.some((unit) => others.includes(unit))) return false;
  return isLikeHouse(left, right) && isLikeName(left, right);
}

/** Typed alike, and of one form and one owner, as far as they are told; a trade alone is no name. */
function isLikeName(a: Evidence, b: Evidence): boolean {
  if (a.name === null || b.name === null || a.isBareTrade || b.isBareTrade) return false;
  if (isOtherForm(a, b) || !isTypedAlike(a, b)) return false;
  const [owner, other] = [a.name.owner, b.name.owner];
  if (owner === undefined || other === undefined) return true;
  return likeNames(owner, other) || likeNames(keyLoose(owner), keyLoose(other));
}

/** Two forms; or a form with one owner and none with the other: `v/Jens Hansen` is not `v/Jens Hansen ApS`. */
function isOtherForm({ name: a }: Evidence, { name: b }: Evidence): boolean {
  const areOwned = a?.owner !== undefined && b?.owner !== undefined;
  return areOwned ? a.form !== b.form : differ(a?.form, b?.form);
}

/** By either key: in one æ is two letters, in the other a letter of its own may be folded away. */
const isTypedAlike = (a: Evidence, b: Evidence): boolean =>
  likeNames(a.name?.key ?? "", b.name?.key ?? "") || likeNames(a.loose, b.loose);

const SHORT_STREET = 5;

/** Country, postal code and house number are equal, and the street is, or has one typing fault. */
function isLikeHouse({ house: a }: Evidence, { house: b }: Evidence): boolean {
  if (a === null || b === null) return false;
  if (a === b) return true;
  const [left, right] = [a.split("|"), b.split("|")];
  const [street = "", other = ""] = [left[2], right[2]];
  if (left.some((part, at) => at !== 2 && part !== right[at])) return false;
  if (Math.min(street.length, other.length) < SHORT_STREET) return false;
  return [[street, other] as const, [keyLoose(street), keyLoose(other)] as const].some(
    ([one, two]) => typingFaults(one, two, 1) !== undefined,
  );
}

/** M8: the name is typed alike, or all its words sound alike, and the postal code is the same; of persons, the house. */
function likeNameNearby(a: Evidence, b: Evidence): Hit | null {
  if (a.name === null || b.name === null || a.isBareTrade || b.isBareTrade) return null;
  if (a.postal === null || a.postal !== b.postal || differ(a.name.owner, b.name.owner)) return null;
  const isSameHouse = isSame(a.house, b.house);
  if (!isSameHouse && (a.isPerson || b.isPerson || !shareSounds(a, b))) return null;
  const isLike = isTypedAlike(a, b) || soundOf(a) === soundOf(b);
  if (!isLike) return null;
  return { tier: "M8", action: "queue", reason: isSameHouse ? "like_name_and_house" : "like_name_and_postal_code" };
}

/** `Holm Invest 1` and `Holm Invest 2` are two companies of one owner. */
function haveOtherNumbers(a: Evidence, b: Evidence): boolean {
  const [left, right] = [a, b].map(({ loose }) => loose.match(NUMBERS)?.join(" "));
  return differ(left, right);
}

const NUMBERS = /\p{N}+/gu;

const soundOf = ({ loose }: Evidence): string => loose.split(" ").map(soundKey).join(" ");

/** Of three sounds at least two, of fewer one: one common word of three would bring half a town together. */
export function shareSounds(a: Evidence, b: Evidence): boolean {
  const shared = a.sounds.filter((sound) => b.sounds.includes(sound)).length;
  return shared >= soundsToShare(Math.max(a.sounds.length, b.sounds.length));
}

export const soundsToShare = (sounds: number): number => (sounds >= 3 ? 2 : 1);

/** What agrees besides the name: the telephone, else a domain of the company's own. */
function agreement(a: Evidence, b: Evidence): "telephone" | "domain" | null {
  if (isSame(a.phone, b.phone)) return "telephone";
  return a.domains.some((domain) => b.domains.includes(domain)) ? "domain" : null;
}

const differ = (a: string | null | undefined, b: string | null | undefined): boolean => Boolean(a && b && a !== b);

const similarityOf = (a: Evidence, b: Evidence): number => trigramSimilarity(a.name?.key ?? "", b.name?.key ?? "");

const isSame = (a: string | null | undefined, b: string | null | undefined): boolean =>
  a !== null && a !== undefined && a !== "" && a === b;
