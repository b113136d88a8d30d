import type { Tx } from "../store/database.ts";
import type { Met, Place } from "../store/segment-candidates.ts";
import { type GoneMember, type NewMember, putOut, takeIn } from "../store/segment-members.ts";
import type { Candidate, Segment, SegmentLevel } from "../store/segments.ts";
import type { Deps } from "./deps.ts";
import { judgeMany, type Question, type Verdict } from "./judge-people.ts";

/** Criteria that one statement asks. */
const SEGMENTS_A_STATEMENT = 100;

/** Somebody at a segment. */
export type Placed = Candidate & { readonly segmentId: string };

/** Of some people: where they are members or wished for, and which criteria they meet, on their way from the store. */
export interface Found {
  readonly places: Promise<readonly Place[]>;
  readonly met: readonly Promise<readonly Placed[]>[];
}

export const nobody: Found = { places: Promise.resolve([]), met: [] };

/** What became of some people at one segment. */
export interface PlacedCounts {
  added: number;
  removed: number;
  /** Who meets the criterion or is wished for and is refused, by the first reason. */
  readonly refused: Record<string, number>;
}

export const noCounts = (segments: readonly Segment[]): Map<string, PlacedCounts> =>
  new Map(segments.map(({ id }) => [id, { added: 0, removed: 0, refused: {} }]));

/**
 * Brings the places of some people to what the criteria, the wishes and the rule say now: the one way in which members come in and go
 * out, of a run as of a change that is followed. The transaction holds the members' lock. Gives what it came to, by segment.
 */
export async function placeMembers(
  tx: Tx,
  deps: Pick<Deps, "seal">,
  segments: readonly Segment[],
  found: Found,
): Promise<Map<string, PlacedCounts>> {
  const byId = new Map(segments.map((segment) => [segment.id, segment]));
  const [places, ...met] = await Promise.all([found.places, ...found.met]);
  const members = new Map(places.filter(({ why }) => why !== "wished").map((place) => [keyOf(place), place]));
  const wished = places.filter(({ segmentId, why }) => why === "wished" && byId.has(segmentId));
  const meets = new Map(met.flat().map((each) => [keyOf(each), each]));
  const wishes = new Set(wished.map(keyOf));
  const candidates = new Map<string, Placed>([...wished.map(pair), ...meets]);
  const verdicts = await verdictsOf(tx, deps, byId, [...candidates.values()]);
  const takes: NewMember[] = [];
  const outs: GoneMember[] = [];
  const counts = noCounts(segments);
  for (const [key, { segmentId, entityId, kundeemneId }] of candidates) {
    const judged = verdicts.get(key);
    if (judged === undefined) continue; // gone since: no member either
    const member = members.get(key);
    const [reason] = judged.verdict.reasons;
    if (reason !== undefined) {
      if (member !== undefined) outs.push({ segmentId, entityId, reason });
      const refused = counts.get(segmentId)?.refused;
      if (refused !== undefined) refused[reason] = (refused[reason] ?? 0) + 1;
      continue;
    }
    const why = wishes.has(key) ? "manual" : "criterion";
    if (member?.why === why && member.kundeemneId === kundeemneId) continue;
    takes.push({ segmentId, entityId, kundeemneId, why, reason: meets.has(key) ? "criterion" : "manual" });
  }
  for (const [key, { segmentId, entityId }] of members)
    if (byId.has(segmentId) && verdicts.get(key) === undefined) outs.push({ segmentId, entityId, reason: "criterion" });
  const [added, removed] = await Promise.all([takeIn(tx, takes), putOut(tx, outs)]);
  for (const [id, each] of counts) {
    each.added = added.get(id) ?? 0;
    each.removed = removed.get(id) ?? 0;
  }
  return counts;
}

const keyOf = ({ segmentId, entityId }: Pick<Placed, "segmentId" | "entityId">): string => `${segmentId} ${entityId}`;
const pair = <P extends Placed>(place: P): [string, P] => [keyOf(place), place];

/** Who meets which criterion, one statement a level and some segments. */
export function meetings(
  segments: readonly Segment[],
  ask: (level: SegmentLevel, some: readonly Segment[]) => Promise<readonly Met[]>,
): Promise<Placed[]>[] {
  const found: Promise<Placed[]>[] = [];
  for (const level of ["kundeemne", "kontaktperson"] as const) {
    const those = segments.filter((segment) => segment.level === level);
    for (let at = 0; at < those.length; at += SEGMENTS_A_STATEMENT) {
      const some = those.slice(at, at + SEGMENTS_A_STATEMENT);
      found.push(ask(level, some).then((met) => placed(some, met)));
    }
  }
  return found;
}

const placed = (segments: readonly Segment[], met: readonly Met[]): Placed[] =>
  met.flatMap(({ segments: at, entityId, kundeemneId }) =>
    at.map((place) => ({ segmentId: segments[place]?.id ?? "", entityId, kundeemneId })),
  );

/** The rule is asked once for each person and sort of approach, whichever segments want it. */
async function verdictsOf(
  tx: Tx,
  deps: Pick<Deps, "seal">,
  segments: ReadonlyMap<string, Segment>,
  candidates: readonly Placed[],
): Promise<Map<string, Verdict>> {
  const approaches = new Map(
    [...segments.values()].map(({ id, level, channel, purpose, sender }) => [
      id,
      [level, channel, purpose, sender].join(" "),
    ]),
  );
  const groups = [...Map.groupBy(candidates, ({ segmentId }) => approaches.get(segmentId)).values()];
  const questions = groups.flatMap((group): (Question & { group: Placed[] })[] => {
    const asked = segments.get(group[0]?.segmentId ?? "");
    if (asked === undefined) return [];
    return [{ asked, group, candidates: [...new Map(group.map((each) => [each.entityId, each])).values()] }];
  });
  const answers = await judgeMany(tx, deps, questions);
  const verdicts = new Map<string, Verdict>();
  for (const [at, { group }] of questions.entries()) {
    const judged = new Map((answers[at] ?? []).map((each) => [each.entityId, each]));
    for (const each of group) {
      const verdict = judged.get(each.entityId);
      if (verdict !== undefined) verdicts.set(keyOf(each), verdict);
    }
  }
  return verdicts;
}
