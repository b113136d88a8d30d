import { RejectedError } from "../lib/errors.ts";
import type { RefusalCode } from "../rules/eligibility.ts";
import type { Tx } from "../store/database.ts";
import { loadEntities } from "../store/entities.ts";
import { pageCandidates } from "../store/segment-candidates.ts";
import { addWish, loadWishes, lockMembers, putOut, putOutOlder, takeIn } from "../store/segment-members.ts";
import { type Candidate, findSegment, type Member, nextRun, pageMembers, type Segment } from "../store/segments.ts";
import type { Actor, Deps } from "./deps.ts";
import { type Judged, judgeAll, outOf } from "./judge-people.ts";

const PAGE = 500;

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
 * a stream, each page in a transaction of its own in which nobody else works out members; a run that is cut off is simply run
 * again. Throws RejectedError `not_found`.
 */
export async function runSegment(deps: Pick<Deps, "db" | "log" | "seal">, id: string): Promise<SegmentRun> {
  const { sql } = deps.db;
  const segment = await findSegment(sql, id);
  if (segment === undefined) throw noSegment();
  const run = await sql.begin((tx) => nextRun(tx, id));
  let added = 0;
  let removed = 0;
  const refused: Record<string, number> = {};
  const judge = async (why: Member["why"], read: (tx: Tx) => Promise<readonly Candidate[]>) =>
    await sql.begin(async (tx) => {
      await lockMembers(tx);
      const candidates = await read(tx);
      const judged = await judgeAll(tx, deps, segment, candidates);
      const allowed = judged.filter(({ verdict }) => verdict.allowed);
      added += await takeIn(
        tx,
        allowed.map(({ entityId, kundeemneId }) => ({ segmentId: id, entityId, kundeemneId, run, why })),
      );
      removed += await putOut(tx, refusedIn(id, judged));
      for (const { reason } of outOf(judged)) refused[reason] = (refused[reason] ?? 0) + 1;
      return candidates;
    });
  for (let after: string | null = null; ; ) {
    const from: string | null = after;
    const page: readonly Candidate[] = await judge("criterion", (tx) =>
      pageCandidates(tx, { ...segment, after: from, limit: PAGE }),
    );
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = last.entityId;
  }
  const wishes = await loadWishes(sql, segment);
  for (let at = 0; at < wishes.length; at += PAGE) await judge("manual", async () => wishes.slice(at, at + PAGE));
  removed += await sql.begin(async (tx) => {
    await lockMembers(tx);
    return await putOutOlder(tx, id, run);
  });
  const members = (await findSegment(sql, id))?.members ?? 0;
  deps.log.info("segment.run", { segmentId: id, run, members, added, removed });
  return { run, members, added, removed, refused };
}

const refusedIn = (segmentId: string, judged: readonly Judged[]) =>
  outOf(judged).map((each) => ({ segmentId, ...each }));

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
  const allowed = new Set(judged.flatMap(({ entityId, verdict }) => (verdict.allowed ? [entityId] : [])));
  await putOutRefused(
    deps,
    segment,
    page.filter(({ entityId }) => !allowed.has(entityId)),
  );
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

/** Judged once more, as nobody else works out members meanwhile: who may be contacted by now stays. */
async function putOutRefused(
  deps: Pick<Deps, "db" | "seal">,
  segment: Segment,
  members: readonly Candidate[],
): Promise<void> {
  if (members.length === 0) return;
  await deps.db.sql.begin(async (tx) => {
    await lockMembers(tx);
    const judged = await judgeAll(tx, deps, segment, members);
    const gone = members.filter(({ entityId }) => !judged.some((each) => each.entityId === entityId));
    await putOut(tx, [
      ...refusedIn(segment.id, judged),
      ...gone.map(({ entityId }) => ({ segmentId: segment.id, entityId, reason: "erased" })),
    ]);
  });
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
    await lockMembers(tx);
    const [judged] = await judgeAll(tx, deps, segment, kundeemneId ? [{ entityId: act.entityId, kundeemneId }] : []);
    if (judged === undefined)
      throw new RejectedError("bad_value", "There is nobody with this id at the segment's level", {
        context: { field: "entityId", rule: "contact" },
      });
    if (!judged.verdict.allowed) return { reasons: judged.verdict.reasons };
    await addWish(tx, act.id, act.entityId, act.by.name);
    const { entityId } = act;
    const { run } = (await findSegment(tx, act.id)) ?? segment;
    const member = { segmentId: act.id, entityId, kundeemneId: judged.kundeemneId, run };
    await takeIn(tx, [{ ...member, why: "manual" }]);
    return { reasons: [] };
  });
}

const noSegment = (): RejectedError => new RejectedError("not_found", "There is no segment with this id");
