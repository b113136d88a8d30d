import { emailAddressKey } from "../danish/email-domain.ts";
import { readsOf } from "../model/criteria.ts";
import { addressFields } from "../rules/consent-address.ts";
import { FACT_FIELDS } from "../rules/record-facts.ts";
import type { Tx } from "../store/database.ts";
import { type Met, meetingOf, type Place, placesOf, type Touched } from "../store/segment-candidates.ts";
import { contactsAt, type Moved, type MovedEntity, takeMarks } from "../store/segment-marks.ts";
import { type GoneMember, lockMembers, type NewMember, putOut, takeIn } from "../store/segment-members.ts";
import { type Candidate, dueSegments, followedSegments, type Segment, unfollow } from "../store/segments.ts";
import type { Deps } from "./deps.ts";
import { type Judged, judgeMany, type Question } from "./judge-people.ts";
import { runSegment } from "./segments.ts";

/** A batch of inbound changes is one mark of some hundred records. */
const MARKS_A_TURN = 16;
/** Criteria that one statement asks. */
const SEGMENTS_A_STATEMENT = 100;

export interface Followed {
  readonly added: number;
  readonly removed: number;
}

/**
 * Works out members anew of whatever was marked since the last time, in the segments that read what has moved: members, events
 * and reasons come out as a run would have them. Marks go in the transaction that writes the members. Safe to run at once in
 * several processes and again; what it leaves is swept.
 */
export async function followSegments(deps: Pick<Deps, "db" | "log" | "seal" | "queue">): Promise<Followed> {
  const sum = { added: 0, removed: 0 };
  for (let marks = MARKS_A_TURN; marks === MARKS_A_TURN; ) {
    const turn = await deps.db.sql.begin(async (tx) => {
      await lockMembers(tx);
      const moved = await takeMarks(tx, MARKS_A_TURN);
      if (moved.marks === 0) return { marks: 0, added: 0, removed: 0, left: 0 };
      // Read after the marks: whoever is not followed yet reads, in its run, all that they stand for.
      const segments = await followedSegments(tx);
      return { marks: moved.marks, ...(await followMoved(tx, deps, segments, moved)) };
    });
    marks = turn.marks;
    sum.added += turn.added;
    sum.removed += turn.removed;
    if (turn.left > 0) await deps.queue.due("segments", "kobling");
  }
  if (sum.added + sum.removed > 0) deps.log.info("segments.followed", { ...sum });
  return sum;
}

/** Runs the segments whose members cannot be followed from marks alone: a day has come, or nobody could say whom a fact concerns. */
export async function runDueSegments(deps: Pick<Deps, "db" | "log" | "seal">): Promise<number> {
  const due = await dueSegments(deps.db.sql);
  for (const id of due) await runSegment(deps, id);
  return due.length;
}

async function followMoved(
  tx: Tx,
  deps: Pick<Deps, "seal">,
  segments: readonly Segment[],
  moved: Moved,
): Promise<Followed & { readonly left: number }> {
  if (segments.length === 0) return { added: 0, removed: 0, left: 0 };
  const byEmail = moved.consents.filter(({ channel }) => channel === "email").map(({ address }) => address);
  const atAddress = await contactsAt(tx, [...byEmail, ...moved.accounts.map(emailAddressKey)]);
  const readers = segments.map((segment) => ({ segment, reads: fieldsReadBy(segment) }));
  const entities = moved.entities.filter((each) => readers.some(({ reads }) => isReadBy(reads, each)));
  const named = moved.consents.flatMap(({ ids }) => ids);
  const touched: Touched = {
    kundeemner: unique([...entities.filter(({ entity }) => entity === "kundeemne").map(({ id }) => id), ...named]),
    contacts: unique([
      ...entities.filter(({ entity }) => entity === "kontaktperson").map(({ id }) => id),
      ...[...atAddress, ...named],
    ]),
  };
  const asked = readers.flatMap(({ segment, reads }) =>
    atAddress.length + named.length > 0 || entities.some((each) => isReadBy(reads, each)) ? [segment] : [],
  );
  const counts = await settle(tx, deps, asked, touched);
  // Only e-mail addresses can be looked up: who else has a telephone or a house is found by a run.
  const blind = new Set<string>(moved.consents.map(({ channel }) => channel).filter((channel) => channel !== "email"));
  const left = segments.filter(({ channel }) => blind.has(channel)).map(({ id }) => id);
  await unfollow(tx, left);
  return { ...counts, left: left.length };
}

interface Reads {
  readonly level: Segment["level"];
  readonly record: ReadonlySet<string> | "any";
  readonly contact: ReadonlySet<string>;
}

function fieldsReadBy({ level, channel, criterion }: Segment): Reads {
  const asked = readsOf(criterion);
  const address = addressFields(channel);
  return {
    level,
    record: asked === "any" ? "any" : new Set([...asked, ...FACT_FIELDS, ...address]),
    contact: new Set(address),
  };
}

/** May this have changed who is in? What has no list of its fields, or another kind than a change of values, may always. */
function isReadBy({ level, record, contact }: Reads, { entity, kind, fields }: MovedEntity): boolean {
  if (entity === "kontaktperson" && level === "kundeemne") return false;
  if (kind !== "updated") return true;
  if (entity === "kontaktperson") return fields.some((field) => contact.has(field));
  return record === "any" || fields.some((field) => record.has(field));
}

/** Brings the places of those who have moved to what the criteria, the wishes and the rule say now. */
async function settle(
  tx: Tx,
  deps: Pick<Deps, "seal">,
  segments: readonly Segment[],
  touched: Touched,
): Promise<Followed> {
  if (segments.length === 0 || touched.kundeemner.length + touched.contacts.length === 0)
    return { added: 0, removed: 0 };
  const byId = new Map(segments.map((segment) => [segment.id, segment]));
  const [places, ...met] = await Promise.all([placesOf(tx, touched), ...meetings(tx, segments, touched)]);
  const members = new Map(places.filter(({ why }) => why !== "wished").map((place) => [keyOf(place), place]));
  const wished = places.filter(({ segmentId, why }) => why === "wished" && byId.has(segmentId));
  const meets = new Map(met.flat().map((each) => [keyOf(each), each]));
  const wishes = new Set(wished.map(keyOf));
  const candidates = new Map<string, Place | (Candidate & { segmentId: string })>([...wished.map(pair), ...meets]);
  const verdicts = await verdictsOf(tx, deps, byId, [...candidates.values()]);
  const takes: NewMember[] = [];
  const outs: GoneMember[] = [];
  for (const [key, { segmentId, entityId, kundeemneId }] of candidates) {
    const judged = verdicts.get(key);
    const member = members.get(key);
    if (judged === undefined) continue; // gone since: a run does not meet it either
    const [reason] = judged.verdict.reasons;
    if (reason !== undefined) {
      if (member !== undefined) outs.push({ segmentId, entityId, reason });
      continue;
    }
    const why = wishes.has(key) ? "manual" : "criterion";
    if (member?.why === why && member.kundeemneId === kundeemneId) continue;
    const run = byId.get(segmentId)?.run ?? 0;
    takes.push({ segmentId, entityId, kundeemneId, run, why, reason: meets.has(key) ? "criterion" : "manual" });
  }
  for (const [key, { segmentId, entityId }] of members)
    if (byId.has(segmentId) && verdicts.get(key) === undefined) outs.push({ segmentId, entityId, reason: "criterion" });
  const [added, removed] = await Promise.all([takeIn(tx, takes), putOut(tx, outs)]);
  return { added, removed };
}

type Placed = Candidate & { readonly segmentId: string };
const keyOf = ({ segmentId, entityId }: Pick<Placed, "segmentId" | "entityId">): string => `${segmentId} ${entityId}`;
const pair = <P extends Placed>(place: P): [string, P] => [keyOf(place), place];

/** Who meets which criterion, one statement a level and some segments. */
function meetings(tx: Tx, segments: readonly Segment[], touched: Touched): Promise<Placed[]>[] {
  const found: Promise<Placed[]>[] = [];
  for (const level of ["kundeemne", "kontaktperson"] as const) {
    const those = segments.filter((segment) => segment.level === level);
    for (let at = 0; at < those.length; at += SEGMENTS_A_STATEMENT) {
      const some = those.slice(at, at + SEGMENTS_A_STATEMENT);
      found.push(meetingOf(tx, level, some, touched).then((met) => placed(some, met)));
    }
  }
  return found;
}

const placed = (segments: readonly Segment[], met: readonly Met[]): Placed[] =>
  met.flatMap(({ segments: at, entityId, kundeemneId }) =>
    at.map((place) => ({ segmentId: segments[place]?.id ?? "", entityId, kundeemneId })),
  );

/** The rule is asked once for each sort of approach, whichever segments want it. */
async function verdictsOf(
  tx: Tx,
  deps: Pick<Deps, "seal">,
  segments: ReadonlyMap<string, Segment>,
  candidates: readonly Placed[],
): Promise<Map<string, Judged>> {
  const approachOf = (segmentId: string): string => {
    const { level, channel, purpose, sender } = segments.get(segmentId) ?? {};
    return [level, channel, purpose, sender].join(" ");
  };
  const groups = [...Map.groupBy(candidates, ({ segmentId }) => approachOf(segmentId)).values()];
  const questions = groups.flatMap((group): (Question & { group: Placed[] })[] => {
    const asked = segments.get(group[0]?.segmentId ?? "");
    if (asked === undefined) return [];
    return [{ asked, group, candidates: [...new Map(group.map((each) => [each.entityId, each])).values()] }];
  });
  const answers = await judgeMany(tx, deps, questions);
  const verdicts = new Map<string, Judged>();
  for (const [at, { group }] of questions.entries()) {
    const judged = new Map((answers[at] ?? []).map((each) => [each.entityId, each]));
    for (const each of group) {
      const verdict = judged.get(each.entityId);
      if (verdict !== undefined) verdicts.set(keyOf(each), verdict);
    }
  }
  return verdicts;
}

const unique = (ids: readonly string[]): string[] => [...new Set(ids)];
