import { nameKey } from "../danish/company-name.ts";
import { readEmailDomain } from "../danish/email-domain.ts";
import { chooseMatch, type MatchFacts, matchKeys } from "../danish/match.ts";
import { nameSimilarity } from "../danish/name-similarity.ts";
import { placeVat } from "../danish/registration.ts";
import type { CompiledMapping } from "../mappings/mapping.ts";
import { kontaktpersonCatalogue, type Values } from "../model/catalogue.ts";
import { normalise } from "../model/compare.ts";
import type { Entity } from "../rules/record.ts";
import { findCandidates } from "../store/candidates.ts";
import type { Db } from "../store/database.ts";
import { loadEntities } from "../store/entities.ts";
import { type Batch, type EntitySlot, slotOf } from "./batch.ts";

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** What matching may use of values; `matchTier` takes no number as evidence that fails its check (domain notes, d.1). */
export function factsOf(values: Values): MatchFacts {
  const facts: { -readonly [K in keyof MatchFacts]: MatchFacts[K] } = {};
  if (Array.isArray(values.pNumre)) facts.pNumre = values.pNumre;
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
    "postnr",
    "landekode",
    "kundetype",
  ] as const) {
    const value = text(values[key]);
    if (value !== undefined) facts[key] = value;
  }
  return facts;
}

/** The claims of a remote object as a record would hold them: a number of SE_Nr is placed (rule R2). */
export function placed(mapping: CompiledMapping, claims: Values): Values {
  const token = claims.registration;
  if (mapping.unitByName.get("registration")?.token !== true || typeof token !== "string") return claims;
  return { ...claims, ...placeVat(token, { cvrNr: null, seNr: null, euVatNr: null }) };
}

const ADDRESS_TIER = "M6:";

const keysByValues = new WeakMap<Values, readonly string[]>();
/** By the facts themselves: what a remote tells of a new company, and the record made of it, have the same keys. */
const keysByFacts = new Map<string, readonly string[]>();
const FACTS_KEPT = 4_096;

/** Match keys of values, worked out once per object: nobody changes values in place. A cache without state of its own. */
function keysOf(values: Values): readonly string[] {
  let keys = keysByValues.get(values);
  if (keys === undefined) {
    keys = keysOfFacts(factsOf(values));
    keysByValues.set(values, keys);
  }
  return keys;
}

function keysOfFacts(facts: MatchFacts): readonly string[] {
  const name = JSON.stringify(facts);
  let keys = keysByFacts.get(name);
  if (keys === undefined) {
    keys = matchKeys(facts);
    if (keysByFacts.size >= FACTS_KEPT) keysByFacts.clear();
    keysByFacts.set(name, keys);
  }
  return keys;
}

/** Columns that a Kundeemne is found by. */
export function searchKeys(values: Values): {
  match_key: string | null;
  name_key: string | null;
  domain_keys: readonly string[] | null;
} {
  const keys = keysOf(values);
  const name = text(values.firmanavn);
  return {
    match_key: keys.find((key) => key.startsWith(ADDRESS_TIER)) ?? null,
    name_key: name === undefined ? null : nameKey(name).key,
    domain_keys: domainKeys(values),
  };
}

function domainKeys({ emailDomaener }: Values): readonly string[] | null {
  if (!Array.isArray(emailDomaener) || emailDomaener.length === 0) return null;
  const domains = emailDomaener.flatMap((typed: string) => {
    const domain = readEmailDomain(typed);
    return domain.ok ? [domain.value] : [];
  });
  return domains.length === 0 ? null : [...new Set(domains)];
}

/** The compared form of an address, by which a contact is found within its emne. */
export function emailKey(values: Values): string | null {
  const field = kontaktpersonCatalogue.fields.email;
  if (field === undefined || values.email === null || values.email === undefined) return null;
  const key = normalise(field, values.email);
  return typeof key === "string" ? key.toLowerCase() : null;
}

/** A remote object that nobody stands for yet, as matching sees it. */
export interface Stranger {
  readonly values: Values;
  /** Its account number, where the mapping says that it is of one series with ours (rule R24). */
  readonly number: string | undefined;
}

export const strangerOf = (mapping: CompiledMapping, claims: Values, externalId: string): Stranger => ({
  values: placed(mapping, claims),
  number: mapping.sharedSeries ? externalId : undefined,
});

/** Match keys of a create, to be locked (rule R7): two batches never make the same company at once. */
export const lockKeys = ({ values, number }: Stranger): string[] => [
  ...keysOf(values),
  ...(number === undefined ? [] : [`number:${number}`]),
];

export type Match =
  | { readonly kind: "one"; readonly id: string; readonly tier: string }
  | { readonly kind: "several"; readonly ids: readonly string[]; readonly tier: string }
  | { readonly kind: "none" };

/**
 * Loads the records that could be meant by these values into the batch. The caller holds the advisory locks of their
 * keys. Several at once, one statement for all.
 */
export async function loadCandidates(batch: Batch, wanted: readonly Stranger[]): Promise<void> {
  const ids = await candidatesFor(batch.tx, wanted);
  const missing = ids.filter((id) => !batch.entities.has(id));
  for (const [id, stored] of await loadEntities(batch.tx, "kundeemne", missing)) batch.entities.set(id, slotOf(stored));
}

/** Ids of the records that share a key with any of these. */
export async function candidatesFor(sql: Db, wanted: readonly Stranger[]): Promise<string[]> {
  const facts = wanted.map(({ values }) => factsOf(values));
  return findCandidates(sql, {
    cvrNr: facts.flatMap((each) => each.cvrNr ?? []),
    gln: facts.flatMap((each) => each.eanLokationsnr ?? []),
    krakId: facts.flatMap((each) => each.krakId ?? []),
    kobId: facts.flatMap((each) => each.kobId ?? []),
    tdcId: facts.flatMap((each) => each.tdcId ?? []),
    placeId: facts.flatMap((each) => each.googlePlaceId ?? []),
    matchKey: wanted.flatMap(({ values }) => searchKeys(values).match_key ?? []),
    kontonummer: wanted.flatMap(({ number }) => number ?? []),
  });
}

/** An index over the records in hand, so that matching looks at the few that share a key. */
export class MatchIndex {
  readonly #byKey = new Map<string, Set<string>>();
  readonly #facts = new Map<string, MatchFacts>();
  readonly #byNumber = new Map<string, string>();

  add(entity: Entity): void {
    if (entity.kind !== "kundeemne" || entity.state.mergedInto !== null || entity.state.erased) return;
    const facts = factsOf(entity.values);
    this.#facts.set(entity.id, facts);
    const number = text(entity.values.kontonummer);
    if (number !== undefined) this.#byNumber.set(number, entity.id);
    for (const key of keysOf(entity.values)) {
      const ids = this.#byKey.get(key);
      if (ids === undefined) this.#byKey.set(key, new Set([entity.id]));
      else ids.add(entity.id);
    }
  }

  /** Whom these values mean (domain notes, e.8), leaving out the refused ones. */
  find({ values, number }: Stranger, refused: ReadonlySet<string>): Match {
    const facts = factsOf(values);
    const ids = new Set<string>();
    for (const key of keysOf(values)) for (const id of this.#byKey.get(key) ?? []) if (!refused.has(id)) ids.add(id);
    const records = [...ids].sort().map((id) => ({ id, facts: this.#facts.get(id) ?? {} }));
    const match = chooseMatch(facts, records);
    const numbered = number === undefined ? undefined : this.#byNumber.get(number);
    if (match.kind === "one" || numbered === undefined || refused.has(numbered)) return match;
    return byNumber(facts, numbered, this.#facts.get(numbered) ?? {}, match);
  }
}

const NUMBER_TIER = "number";
const SAME_NAME_SIMILARITY = 0.6;

/**
 * An account number of a shared series matches where the CVR number is equal or the names are alike (rule R24). Otherwise
 * it is a hint for the person who decides; two companies by their CVR numbers are not even that.
 */
function byNumber(facts: MatchFacts, id: string, known: MatchFacts, match: Match): Match {
  const [cvr, knownCvr] = [text(facts.cvrNr), text(known.cvrNr)];
  const alike = nameSimilarity(facts.firmanavn ?? "", known.firmanavn ?? "") >= SAME_NAME_SIMILARITY;
  const others = cvr !== undefined && knownCvr !== undefined && cvr !== knownCvr;
  if (others) return match;
  if ((cvr !== undefined && cvr === knownCvr) || alike) return { kind: "one", id, tier: NUMBER_TIER };
  const ids = match.kind === "several" ? match.ids : [];
  return { kind: "several", ids: [id, ...ids.filter((each) => each !== id)], tier: NUMBER_TIER };
}

export const indexOf = (slots: Iterable<EntitySlot>): MatchIndex => {
  const index = new MatchIndex();
  for (const slot of slots) index.add(slot.entity);
  return index;
};
