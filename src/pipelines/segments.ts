import { RejectedError } from "../lib/errors.ts";
import type { RefusalCode } from "../rules/eligibility.ts";
import { loadEntities } from "../store/entities.ts";
import { meetingWithin, pageCandidates, placesWithin, stretchesOf } from "../store/segment-candidates.ts";
import { addWish, lockMembers, putOut, shareMembers, takeIn } from "../store/segment-members.ts";
import {
  beginRuns,
  type Candidate,
  countMembers,
  findSegment,
  type Member,
  pageMembers,
  type Segment,
  segmentLevels,
} from "../store/segments.ts";
import type { Actor, Deps } from "./deps.ts";
import { type Judged, judgeAll, outOf } from "./judge-people.ts";
import { meetings, noCounts, type PlacedCounts, placeMembers } from "./place-members.ts";

/** People that a run reads at once, and stretches of them in hand at once: the database works at one while the rule is asked of another. */
const STRETCH = 5_000;
const AT_ONCE = 2;

/** What a run came to. */
export interface SegmentRun {
  readonly run: number;
  readonly members: number;
  readonly added: number;
  readonly removed: number;
  /** Who meets the criterion and is refused, by the first reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Works out anew who is in a segment (S57). Throws RejectedError `not_found`. */
export async function runSegment(deps: Pick<Deps, "db" | "log" | "seal">, id: string): Promise<SegmentRun> {
  const run = (await runSegments(deps, [id])).get(id);
  if (run === undefined) throw noSegment();
  return run;
}

/**
 * Works out anew who is in each of these segments: everybody who meets the criterion or is wished for, and may be contacted.
 * People are read once for all segments, stretch by stretch, each in a transaction of its own in which nobody else works out their
 * places; a run that is cut off is simply run again. Segments that are gone are left out.
 */
export async function runSegments(
  deps: Pick<Deps, "db" | "log" | "seal">,
  ids: readonly string[],
): Promise<Map<string, SegmentRun>> {
  const { sql } = deps.db;
  const segments = await sql.begin((tx) => beginRuns(tx, ids));
  const counts = noCounts(segments);
  for (const level of segmentLevels) {
    const those = segments.filter((segment) => segment.level === level);
    if (those.length === 0) continue;
    const stretches = (await stretchesOf(sql, level, STRETCH)).values();
    const work = async (): Promise<void> => {
      for (const stretch of stretches) {
        const placed = await sql.begin(async (tx) => {
          await shareMembers(tx);
          return await placeMembers(tx, deps, those, {
            places: placesWithin(tx, those, level, stretch),
            met: meetings(those, (_, some) => meetingWithin(tx, level, some, stretch)),
          });
        });
        for (const [id, each] of counts) addUp(each, placed.get(id));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
  const members = await countMembers(sql, ids);
  const runs = new Map(segments.map(({ id, run }) => [id, run]));
  return new Map(
    [...counts].map(([id, { added, removed, refused }]) => {
      const told = { run: runs.get(id) ?? 0, members: members.get(id) ?? 0, added, removed };
      deps.log.info("segment.run", { segmentId: id, ...told });
      return [id, { ...told, refused }];
    }),
  );
}

function addUp(counts: PlacedCounts, of: PlacedCounts | undefined): void {
  if (of === undefined) return;
  counts.added += of.added;
  counts.removed += of.removed;
  for (const [reason, n] of Object.entries(of.refused)) counts.refused[reason] = (counts.refused[reason] ?? 0) + n;
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
    await takeIn(tx, [{ segmentId: act.id, entityId, kundeemneId: judged.kundeemneId, why: "manual" }]);
    return { reasons: [] };
  });
}

const noSegment = (): RejectedError => new RejectedError("not_found", "There is no segment with this id");
