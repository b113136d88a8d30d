import { RejectedError } from "../lib/errors.ts";
import { copenhagenDay } from "../lib/time.ts";
import type { Values } from "../model/catalogue.ts";
import { addressOf } from "../rules/consent-address.ts";
import { type Eligibility, eligible, type RefusalCode } from "../rules/eligibility.ts";
import { recordFactsOf } from "../rules/record-facts.ts";
import { readNow } from "../store/clock.ts";
import { findAccountsAddresses, loadConsentFacts } from "../store/consents.ts";
import type { Sql, Tx } from "../store/database.ts";
import { loadEntities, type StoredEntity } from "../store/entities.ts";
import {
  addWish,
  type Candidate,
  findSegment,
  loadWishes,
  type Member,
  nextRun,
  pageCandidates,
  pageMembers,
  putOut,
  putOutOlder,
  type Segment,
  takeIn,
} from "../store/segments.ts";
import type { Actor, Deps } from "./deps.ts";

const PAGE = 500;

/** A candidate with the verdict of this moment. */
export interface Judged extends Candidate {
  readonly verdict: Eligibility;
  /** In the form in which addresses are compared. */
  readonly address: string | null;
  readonly record: Values;
  readonly contact: Values | undefined;
  /** The same with who set what. */
  readonly whole: { readonly record: StoredEntity; readonly contact: StoredEntity | undefined };
}

/**
 * May these be contacted for what the segment is for? All facts in a handful of statements, then the rule for each (domain
 * notes, d.9). Who is no more is left out.
 */
export async function judgeAll(
  sql: Sql | Tx,
  { seal }: Pick<Deps, "seal">,
  asked: Pick<Segment, "channel" | "purpose" | "sender" | "level">,
  candidates: readonly Candidate[],
): Promise<Judged[]> {
  if (candidates.length === 0) return [];
  const { channel, purpose, sender, level } = asked;
  const records = await loadEntities(sql, "kundeemne", [...new Set(candidates.map((each) => each.kundeemneId))]);
  const contacts =
    level === "kundeemne"
      ? new Map<string, StoredEntity>()
      : await loadEntities(
          sql,
          "kontaktperson",
          candidates.map((each) => each.entityId),
        );
  const now = new Date(await readNow(sql));
  const found = candidates.flatMap((each) => {
    const record = records.get(each.kundeemneId);
    const contact = contacts.get(each.entityId);
    if (record === undefined || (level === "kontaktperson" && contact?.parentId !== each.kundeemneId)) return [];
    return [{ ...each, record, contact, address: addressOf(channel, record.values, contact?.values) }];
  });
  const addresses = found.flatMap(({ address }) => address ?? []);
  const facts = await loadConsentFacts(sql, seal, addresses);
  // An accounts office's address is used for nothing else, whoever else has it too.
  const accounts = channel === "email" ? await findAccountsAddresses(sql, addresses) : new Set<string>();
  return found.map(({ record, contact, address, entityId, kundeemneId }) => {
    const { erased, mergedInto, orphaned } = record.state;
    const known = recordFactsOf({ values: record.values, erased, orphaned, merged: mergedInto !== null });
    const verdict = eligible({
      ...{ channel, purpose, sender, address, contact: contact !== undefined },
      consents: facts.get(address ?? "") ?? [],
      record: address !== null && accounts.has(address) ? { ...known, accountsAddress: address } : known,
      now: now.toISOString(),
      today: copenhagenDay(now),
    });
    const whole = { record, contact };
    return { entityId, kundeemneId, verdict, address, record: record.values, contact: contact?.values, whole };
  });
}

/** What a run came to. */
export interface SegmentRun {
  readonly run: number;
  readonly members: number;
  readonly added: number;
  readonly removed: number;
  /** Who meets the criterion and is refused, by the first reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/**
 * Works out anew who is in (S57): everybody who meets the criterion or is wished for, and may be contacted. Page by page as
 * a stream, each page in a transaction of its own; a run that is cut off is simply run again. Throws RejectedError `not_found`.
 */
export async function runSegment(deps: Pick<Deps, "db" | "log" | "seal">, id: string): Promise<SegmentRun> {
  const { sql } = deps.db;
  const segment = await findSegment(sql, id);
  if (segment === undefined) throw noSegment();
  const run = await sql.begin((tx) => nextRun(tx, id));
  let added = 0;
  let removed = 0;
  const refused: Record<string, number> = {};
  const judge = async (candidates: readonly Candidate[], why: Member["why"]): Promise<void> => {
    await sql.begin(async (tx) => {
      const judged = await judgeAll(tx, deps, segment, candidates);
      added += await takeIn(
        tx,
        id,
        run,
        why,
        judged.filter(({ verdict }) => verdict.allowed),
      );
      removed += await putOut(tx, id, outOf(judged));
      for (const { reason } of outOf(judged)) refused[reason] = (refused[reason] ?? 0) + 1;
    });
  };
  for (let after: string | null = null; ; ) {
    const page: Candidate[] = await pageCandidates(sql, { ...segment, after, limit: PAGE });
    await judge(page, "criterion");
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = last.entityId;
  }
  const wishes = await loadWishes(sql, segment);
  for (let at = 0; at < wishes.length; at += PAGE) await judge(wishes.slice(at, at + PAGE), "manual");
  removed += await sql.begin((tx) => putOutOlder(tx, id, run));
  const members = (await findSegment(sql, id))?.members ?? 0;
  deps.log.info("segment.run", { segmentId: id, run, members, added, removed });
  return { run, members, added, removed, refused };
}

const outOf = (judged: readonly Judged[]): { entityId: string; reason: RefusalCode }[] =>
  judged.flatMap(({ entityId, verdict }) => {
    const [reason] = verdict.reasons;
    return reason === undefined ? [] : [{ entityId, reason }];
  });

export interface HandedMember extends Member {
  readonly firmanavn: string | null;
  readonly navn: string | null;
  /** As it is written at the record or the contact. */
  readonly email: string | null;
  readonly telefon: string | null;
}

/**
 * A page of members, as they may be contacted at this moment: the rule is asked again, and whoever it refuses by now is put
 * out instead of being handed over (S62). Throws RejectedError `not_found`.
 */
export async function handMembers(
  deps: Pick<Deps, "db" | "seal">,
  query: { readonly id: string; readonly after: string | null; readonly limit: number },
): Promise<{ readonly items: readonly HandedMember[]; readonly next: string | null }> {
  const { sql } = deps.db;
  const segment = await findSegment(sql, query.id);
  if (segment === undefined) throw noSegment();
  const page = await pageMembers(sql, query.id, query.after, query.limit);
  const judged = await judgeAll(sql, deps, segment, page);
  const gone = page.filter(({ entityId }) => !judged.some((each) => each.entityId === entityId));
  await putOut(sql, query.id, [
    ...outOf(judged),
    ...gone.map(({ entityId }) => ({ entityId, reason: "erased" as const })),
  ]);
  const byId = new Map(judged.map((each) => [each.entityId, each]));
  const items = page.flatMap((member) => {
    const each = byId.get(member.entityId);
    if (each === undefined || !each.verdict.allowed) return [];
    const { record, contact } = each;
    const phone = contact === undefined ? record.telefon : (contact.mobil ?? contact.telefon);
    return [
      {
        ...member,
        firmanavn: text(record.firmanavn),
        navn: text(contact?.navn),
        email: text(contact?.email),
        telefon: text(phone),
      },
    ];
  });
  const last = page.at(-1);
  return { items, next: last !== undefined && page.length === query.limit ? last.entityId : null };
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** Those who meet the criterion and may not be contacted, with every reason, worked out now (S57). Throws RejectedError `not_found`. */
export async function refusedOf(
  deps: Pick<Deps, "db" | "seal">,
  query: { readonly id: string; readonly after: string | null; readonly limit: number },
): Promise<{
  readonly items: readonly (Candidate & { reasons: readonly RefusalCode[] })[];
  readonly next: string | null;
}> {
  const { sql } = deps.db;
  const segment = await findSegment(sql, query.id);
  if (segment === undefined) throw noSegment();
  const page = await pageCandidates(sql, { ...segment, after: query.after, limit: query.limit });
  const judged = await judgeAll(sql, deps, segment, page);
  const items = judged
    .filter(({ verdict }) => !verdict.allowed)
    .map(({ entityId, kundeemneId, verdict }) => ({ entityId, kundeemneId, reasons: verdict.reasons }));
  const last = page.at(-1);
  return { items, next: last !== undefined && page.length === query.limit ? last.entityId : null };
}

/** Wants somebody in by hand (S61): the same rule is asked; refused: the reasons, and nothing is kept. */
export async function wishMember(
  deps: Pick<Deps, "db" | "seal">,
  act: { readonly id: string; readonly entityId: string; readonly by: Actor },
): Promise<{ readonly reasons: readonly RefusalCode[] }> {
  const { sql } = deps.db;
  const segment = await findSegment(sql, act.id);
  if (segment === undefined) throw noSegment();
  const kundeemneId =
    segment.level === "kundeemne"
      ? act.entityId
      : (await loadEntities(sql, "kontaktperson", [act.entityId])).get(act.entityId)?.parentId;
  return await sql.begin(async (tx) => {
    const [judged] = await judgeAll(tx, deps, segment, kundeemneId ? [{ entityId: act.entityId, kundeemneId }] : []);
    if (judged === undefined)
      throw new RejectedError("bad_value", "There is nobody with this id at the segment's level", {
        context: { field: "entityId", rule: "contact" },
      });
    if (!judged.verdict.allowed) return { reasons: judged.verdict.reasons };
    await addWish(tx, act.id, act.entityId, act.by.name);
    await takeIn(tx, act.id, segment.run, "manual", [judged]);
    return { reasons: [] };
  });
}

const noSegment = (): RejectedError => new RejectedError("not_found", "There is no segment with this id");
