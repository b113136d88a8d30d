import { emailAddressKey } from "../danish/email-domain.ts";
import { readsOf } from "../model/criteria.ts";
import { addressFields } from "../rules/consent-address.ts";
import { FACT_FIELDS } from "../rules/record-facts.ts";
import type { Tx } from "../store/database.ts";
import { meetingOf, placesOf, type Touched } from "../store/segment-candidates.ts";
import { contactsAt, type Moved, type MovedEntity, takeMarks } from "../store/segment-marks.ts";
import { lockMembersBriefly } from "../store/segment-members.ts";
import { dueSegments, followedSegments, type Segment, unfollow } from "../store/segments.ts";
import type { Deps } from "./deps.ts";
import { type Found, meetings, nobody, placeMembers } from "./place-members.ts";
import { runSegments } from "./segments.ts";

/** A batch of inbound changes is one mark of some hundred records. */
const MARKS_A_TURN = 16;

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
      await lockMembersBriefly(tx);
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
  if (due.length > 0) await runSegments(deps, due);
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
  const counts = await placeMembers(tx, deps, asked, readTouched(tx, asked, touched));
  // Only e-mail addresses can be looked up: who else has a telephone or a house is found by a run.
  const blind = new Set<string>(moved.consents.map(({ channel }) => channel).filter((channel) => channel !== "email"));
  const left = segments.filter(({ channel }) => blind.has(channel)).map(({ id }) => id);
  await unfollow(tx, left);
  const sum = { added: 0, removed: 0, left: left.length };
  for (const { added, removed } of counts.values()) {
    sum.added += added;
    sum.removed += removed;
  }
  return sum;
}

const readTouched = (tx: Tx, segments: readonly Segment[], touched: Touched): Found => {
  if (segments.length === 0 || touched.kundeemner.length + touched.contacts.length === 0) return nobody;
  return {
    places: placesOf(tx, touched),
    met: meetings(segments, (level, some) => meetingOf(tx, level, some, touched)),
  };
};

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

const unique = (ids: readonly string[]): string[] => [...new Set(ids)];
