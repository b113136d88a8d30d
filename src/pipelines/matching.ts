import { nameKey } from "../danish/company-name.ts";
import { readEmailDomain } from "../danish/email-domain.ts";
import { chooseMatch, matchTier } from "../danish/match.ts";
import { evidenceOf, type MatchFacts } from "../danish/match-evidence.ts";
import { blockKeys, lockKeysOf, matchKeys, nameAndHouse } from "../danish/match-keys.ts";
import { nameSimilarity } from "../danish/name-similarity.ts";
import { placeVat } from "../danish/registration.ts";
import type { CompiledMapping } from "../mappings/mapping.ts";
import { kontaktpersonCatalogue, type Values } from "../model/catalogue.ts";
import { normalise } from "../model/compare.ts";
import type { Entity } from "../rules/record.ts";
import { findCandidates } from "../store/candidates.ts";
import type { Db } from "../store/database.ts";
import { loadEntities } from "../store/entities.ts";
import { type Blocked, findBlocked, MOST_IN_BLOCK } from "../store/match-blocks.ts";
import { type Batch, type EntitySlot, slotOf } from "./batch.ts";
import { blockQueries } from "./match-blocks.ts";
import { factsOf } from "./match-facts.ts";

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** The claims of a remote object as a record would hold them: a number of SE_Nr is placed (rule R2). */
export function placed(mapping: CompiledMapping, claims: Values): Values {
  const token = claims.registration;
  if (mapping.unitByName.get("registration")?.token !== true || typeof token !== "string") return claims;
  return { ...claims, ...placeVat(token, { cvrNr: null, seNr: null, euVatNr: null }) };
}

const keysByFacts = new WeakMap<MatchFacts, { readonly sure: readonly string[]; readonly blocks: readonly string[] }>();

/** Keys of facts, worked out once per object. */
function keysOf(facts: MatchFacts): { readonly sure: readonly string[]; readonly blocks: readonly string[] } {
  let keys = keysByFacts.get(facts);
  if (keys === undefined) {
    keys = { sure: matchKeys(facts), blocks: blockKeys(facts) };
    keysByFacts.set(facts, keys);
  }
  return keys;
}

/** Columns that a Kundeemne is found by. */
export function searchKeys(values: Values): {
  match_key: string | null;
  name_key: string | null;
  domain_keys: readonly string[] | null;
} {
  const name = text(values.firmanavn);
  return {
    match_key: nameAndHouse(evidenceOf(factsOf(values))),
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

/** Keys of a create, to be locked (rule R7): two batches never make the same company at once. */
export const lockKeys = ({ values, number }: Stranger): string[] => [
  ...lockKeysOf(factsOf(values)),
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

/** Ids of the records that share a key with any of these, or may be meant by any though nothing proves it. */
export async function candidatesFor(sql: Db, wanted: readonly Stranger[]): Promise<string[]> {
  const facts = wanted.map(({ values }) => factsOf(values));
  const numbers = wanted.flatMap(({ number }) => number ?? []);
  const { sure, maybe } = await findByKeys(sql, facts, numbers);
  // Only those of whom there is evidence: many share a telephone or a sound, few are loaded and locked for it.
  const likely = maybe.flatMap(({ n, id, values }) => {
    const stranger = facts[n];
    return stranger !== undefined && matchTier(stranger, factsOf(values)) !== null ? [id] : [];
  });
  return [...new Set([...sure, ...likely])];
}

/** Whom indexed look-ups find for these facts: by sure keys, and by blocks with what matching reads of each. */
export async function findByKeys(
  sql: Db,
  facts: readonly MatchFacts[],
  kontonummer: readonly string[] = [],
): Promise<{ readonly sure: readonly string[]; readonly maybe: readonly Blocked[] }> {
  const asked = facts.map((each, n) => blockQueries(each, n));
  const [sure, maybe] = await Promise.all([
    findCandidates(sql, {
      cvrNr: facts.flatMap((each) => each.cvrNr ?? []),
      gln: facts.flatMap((each) => each.eanLokationsnr ?? []),
      krakId: facts.flatMap((each) => each.krakId ?? []),
      kobId: facts.flatMap((each) => each.kobId ?? []),
      tdcId: facts.flatMap((each) => each.tdcId ?? []),
      placeId: facts.flatMap((each) => each.googlePlaceId ?? []),
      matchKey: facts.flatMap((each) => nameAndHouse(evidenceOf(each)) ?? []),
      kontonummer,
    }),
    findBlocked(
      sql,
      asked.flatMap(({ keys }) => keys),
      asked.flatMap(({ houses }) => houses),
    ),
  ]);
  return { sure, maybe };
}

/** Who has a valid CVR number means nobody who has another one: blocks of the two are kept apart. */
const [WITH_CVR, WITHOUT_CVR] = ["cvr:", "none:"];

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
    const { sure, blocks } = keysOf(facts);
    const side = evidenceOf(facts).cvr === null ? WITHOUT_CVR : WITH_CVR;
    for (const key of sure) this.#put(key, entity.id);
    for (const key of blocks) this.#put(side + key, entity.id);
  }

  #put(key: string, id: string): void {
    const ids = this.#byKey.get(key);
    if (ids === undefined) this.#byKey.set(key, new Set([id]));
    else ids.add(id);
  }

  /** Whom these values mean (domain notes, e.8), leaving out the refused ones. */
  find({ values, number }: Stranger, refused: ReadonlySet<string>): Match {
    const facts = factsOf(values);
    const { sure, blocks } = keysOf(facts);
    const sides = evidenceOf(facts).cvr === null ? [WITHOUT_CVR, WITH_CVR] : [WITHOUT_CVR];
    const ids = new Set<string>();
    const add = (key: string, most: number): void => {
      const sharing = this.#byKey.get(key);
      if (sharing === undefined || sharing.size > most) return;
      for (const id of sharing) if (!refused.has(id)) ids.add(id);
    };
    for (const key of sure) add(key, Number.POSITIVE_INFINITY);
    for (const side of sides) for (const block of blocks) add(side + block, MOST_IN_BLOCK);
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
