import { copenhagenDay } from "../lib/time.ts";
import type { EntityKind, Values } from "../model/catalogue.ts";
import { addressFields, addressOf } from "../rules/consent-address.ts";
import { type Eligibility, eligible, type RefusalCode } from "../rules/eligibility.ts";
import { FACT_FIELDS, recordFactsOf } from "../rules/record-facts.ts";
import { readNow } from "../store/clock.ts";
import { findAccountsAddresses, loadConsentFacts } from "../store/consents.ts";
import type { Sql, Tx } from "../store/database.ts";
import { type EntityFacts, loadEntities, loadFacts, type StoredEntity } from "../store/entities.ts";
import type { Candidate, Segment } from "../store/segments.ts";
import type { Deps } from "./deps.ts";

/** A candidate with the verdict of this moment. */
export interface Verdict extends Candidate {
  readonly verdict: Eligibility;
  /** In the form in which addresses are compared. */
  readonly address: string | null;
}

export interface Judged extends Verdict {
  readonly record: Values;
  readonly contact: Values | undefined;
  /** The same with who set what. */
  readonly whole: { readonly record: StoredEntity; readonly contact: StoredEntity | undefined };
}

export type Asked = Pick<Segment, "channel" | "purpose" | "sender" | "level">;

export interface Question {
  readonly asked: Asked;
  readonly candidates: readonly Candidate[];
}

/**
 * May these be contacted for what the segment is for? All facts in a handful of statements, then the rule for each (domain
 * notes, d.9). Who is no more is left out.
 */
export async function judgeAll(
  sql: Sql | Tx,
  deps: Pick<Deps, "seal">,
  asked: Asked,
  candidates: readonly Candidate[],
): Promise<Judged[]> {
  const load = (kind: EntityKind, ids: readonly string[]) => loadEntities(sql, kind, ids);
  const [judged = []] = await judgeWith(sql, deps, [{ asked, candidates }], load);
  return judged.map(({ facts: whole, ...each }) => ({
    ...{ ...each, whole, record: whole.record.values, contact: whole.contact?.values },
  }));
}

/** The same for several questions at once, with no more of anybody than the rule asks; the answers stand in their order. */
export async function judgeMany(
  sql: Sql | Tx,
  deps: Pick<Deps, "seal">,
  questions: readonly Question[],
): Promise<Verdict[][]> {
  const fields = [...new Set([...FACT_FIELDS, ...questions.flatMap(({ asked }) => addressFields(asked.channel))])];
  return await judgeWith(sql, deps, questions, (kind, ids) => loadFacts(sql, kind, ids, fields));
}

async function judgeWith<E extends EntityFacts>(
  sql: Sql | Tx,
  { seal }: Pick<Deps, "seal">,
  questions: readonly Question[],
  load: (kind: EntityKind, ids: readonly string[]) => Promise<ReadonlyMap<string, E>>,
): Promise<(Verdict & { readonly facts: { readonly record: E; readonly contact: E | undefined } })[][]> {
  if (questions.every(({ candidates }) => candidates.length === 0)) return questions.map(() => []);
  const all = questions.flatMap(({ candidates }) => candidates);
  const persons = questions.flatMap(({ asked, candidates }) => (asked.level === "kundeemne" ? [] : candidates));
  const [records, contacts, nowMs] = await Promise.all([
    load("kundeemne", [...new Set(all.map((each) => each.kundeemneId))]),
    load("kontaktperson", [...new Set(persons.map((each) => each.entityId))]),
    readNow(sql),
  ]);
  const found = questions.map(({ asked: { channel, level }, candidates }) =>
    candidates.flatMap((each) => {
      const record = records.get(each.kundeemneId);
      const contact = level === "kundeemne" ? undefined : contacts.get(each.entityId);
      if (record === undefined || (level === "kontaktperson" && contact?.parentId !== each.kundeemneId)) return [];
      return [{ ...each, record, contact, address: addressOf(channel, record.values, contact?.values) }];
    }),
  );
  const addressesOf = (isAsked: (asked: Asked) => boolean): string[] =>
    questions.flatMap(({ asked }, at) =>
      isAsked(asked) ? (found[at] ?? []).flatMap(({ address }) => address ?? []) : [],
    );
  const [facts, accounts] = await Promise.all([
    loadConsentFacts(
      sql,
      seal,
      addressesOf(() => true),
    ),
    // An accounts office's address is used for nothing else, whoever else has it too.
    findAccountsAddresses(
      sql,
      addressesOf(({ channel }) => channel === "email"),
    ),
  ]);
  const now = new Date(nowMs);
  const [at, today] = [now.toISOString(), copenhagenDay(now)];
  return questions.map(({ asked: { channel, purpose, sender } }, place) =>
    (found[place] ?? []).map(({ record, contact, address, entityId, kundeemneId }) => {
      const { erased, mergedInto, orphaned } = record.state;
      const known = recordFactsOf({ values: record.values, erased, orphaned, merged: mergedInto !== null });
      const isAccounts = channel === "email" && address !== null && accounts.has(address);
      const verdict = eligible({
        ...{ channel, purpose, sender, address, contact: contact !== undefined, today, now: at },
        consents: facts.get(address ?? "") ?? [],
        record: isAccounts ? { ...known, accountsAddress: address } : known,
      });
      return { entityId, kundeemneId, verdict, address, facts: { record, contact } };
    }),
  );
}

/** Those whom the rule refuses, by the first reason. */
export const outOf = (judged: readonly Judged[]): { entityId: string; reason: RefusalCode }[] =>
  judged.flatMap(({ entityId, verdict }) => {
    const [reason] = verdict.reasons;
    return reason === undefined ? [] : [{ entityId, reason }];
  });
