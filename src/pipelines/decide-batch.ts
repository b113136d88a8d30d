import type { EntityKind } from "../model/catalogue.ts";
import { judgeReading } from "../rules/reading.ts";
import { loadOpenCreates } from "../store/attempts.ts";
import { lockMatchKeys } from "../store/candidates.ts";
import type { Tx } from "../store/database.ts";
import { findLinked, newLink, remoteKey } from "../store/links.ts";
import { afterLinking, foundBy } from "./after-linking.ts";
import { type Answered, forget, pastOf, settleAnswer, takeReceipt } from "./answers.ts";
import { alertOfBalance } from "./archived.ts";
import { type Batch, close, type Incoming, type Known, keep, type LinkSlot } from "./batch.ts";
import { leaveBuried } from "./buried.ts";
import { countTaken } from "./counting.ts";
import { isMade } from "./creates.ts";
import type { Deps } from "./deps.ts";
import { flush } from "./flush.ts";
import { judgeGone } from "./gone.ts";
import { isStranger } from "./incoming.ts";
import { judge } from "./judge.ts";
import { type Mapped, openBatch, takeBlocks, takeEntities, takeLinks } from "./load.ts";
import { indexOf, loadCandidates, lockKeys, type MatchIndex, strangerOf } from "./matching.ts";
import { guardMeetings, takeAccepted } from "./meetings.ts";
import { takeVersions } from "./ping-pong.ts";
import { LAWFUL, proposing } from "./proposing.ts";
import { resolve } from "./resolve.ts";
import { settleCases } from "./settle-cases.ts";
import { laneKey } from "./world.ts";

export interface DecideBatchOptions {
  /** Runs after the readings were decided and before anything is written; the deliver step adds its attempts here. */
  readonly after?: (batch: Batch) => Promise<void> | void;
  /** By remoteKey: attempts that these readings answer, or are the first to be read after (rule R17). */
  readonly answers?: ReadonlyMap<string, Answered>;
  /** Links to load and lock although no reading speaks of them. */
  readonly alsoLinks?: readonly { object: string; externalId: string }[];
  /** Records to load and lock although no link leads to them. */
  readonly alsoEntities?: ReadonlyMap<string, EntityKind>;
  /** Decides as if this lane were released: a preview (rule R27). */
  readonly asReleased?: { connection: string; object: string };
  /** Ids of creates: the record that this remote object is to stand for (rule R19). */
  readonly tied?: ReadonlyMap<string, string>;
  /** By remoteKey: objects that a person has called new: matched with nothing, made also where `create` would not. */
  readonly asNew?: ReadonlySet<string>;
  /**
   * By remoteKey: objects that a person has looked up. On a record that stands each difference is proposed (S16), and a
   * record is made of one that matches none, though the lane makes none (S17).
   */
  readonly lookedUp?: ReadonlySet<string>;
  /** Objects are to be made of these records: what forbids it is asked (rule R25). */
  readonly creates?: boolean;
  /** Rows that another transaction had in hand a moment ago: read again only where they have moved. */
  readonly known?: Known;
}

/**
 * Takes readings of one connection all the way into the store: reads them through the mapping, finds or makes what they
 * stand for, decides, writes. One transaction, a handful of statements. The caller has opened the transaction.
 */
export async function decideBatch(
  deps: Deps,
  tx: Tx,
  connection: string,
  incomings: readonly Incoming[],
  options: DecideBatchOptions = {},
): Promise<Batch> {
  let batch = await openBatch(deps, tx, connection, options.asReleased, options.known);
  const read = readAll(batch, incomings);
  // An object that another id stands for now: whom that id stands for decides what it means (rule R9).
  const replaced = incomings.flatMap(({ object, replacedBy }) =>
    replacedBy === undefined ? [] : [{ object, externalId: replacedBy }],
  );
  await takeLinks(batch, [...incomings, ...replaced, ...(options.alsoLinks ?? [])]);

  const isNew = (each: Mapped): boolean => isStranger(batch, each.incoming);
  const mapped = await leaveBuried(batch, read, isNew);
  // A preview makes nothing; its locks over a whole object would fill the server's table of them.
  if (options.asReleased === undefined) await meetStrangers(batch, mapped.filter(isNew));
  const parents = await findParents(batch, mapped);
  const ids = new Map<string, EntityKind>(options.alsoEntities ?? []);
  for (const { link } of batch.links.values()) if (link.entityId !== null) ids.set(link.entityId, link.entity);
  for (const id of parents.values()) ids.set(id, "kundeemne");
  const strangers = mapped.filter((each) => isNew(each) && each.mapping.as === "kundeemne");
  if (strangers.length > 0) {
    const wanted = strangers.map((each) => strangerOf(each.mapping, each.read.claims, each.incoming.externalId));
    await loadCandidates(batch, wanted);
    for (const id of batch.entities.keys()) ids.set(id, "kundeemne");
    batch.entities.clear();
    await takeAccepted(batch, strangers);
  }
  await takeEntities(batch, ids);
  await takeVersions(batch, mapped);
  if (strangers.length > 0 || ids.size > 0) {
    const outward = [...batch.lanes.values()].some((lane) => lane.createOut && lane.outbound);
    if (strangers.length > 0 || outward || options.creates === true)
      batch = await takeBlocks(
        batch,
        [...ids.keys()],
        strangers.map((each) => each.incoming.externalId),
      );
  }
  const index = indexOf(strangers.length > 0 ? batch.entities.values() : []);
  const mine = options.tied === undefined ? await waitingForOurs(batch, mapped) : new Set<Mapped>();
  for (const each of mine) {
    const detail = "It may be an object that we are making: its own answer, or looking it up, will tell";
    close(batch, each.incoming, "stale", "unchanged", { code: "R19:may_be_ours", detail });
  }
  const answers = new Map(options.answers);
  for (const each of mapped) if (!mine.has(each)) judgeOne(batch, each, index, parents, { ...options, answers });
  if (options.asReleased === undefined) await guardMeetings(batch);
  await settleCases(batch);
  await options.after?.(batch);
  await flush(batch);
  return batch;
}

/** Maps readings in; a known field with a wrong shape puts its change into quarantine, alone (promise 7). */
function readAll(batch: Batch, incomings: readonly Incoming[]): Mapped[] {
  const mapped: Mapped[] = [];
  for (const incoming of incomings) {
    if (incoming.body === null && incoming.shown === undefined && !incoming.deleted) {
      // A notice without the object: where the remote can be read, a hint to read (rule R6).
      batch.readAgain.push({ object: incoming.object, externalId: incoming.externalId, why: "R6:hint" });
      close(batch, incoming, "stale", "unchanged", { code: "R6:hint", detail: "A notice: the object is read" });
      continue;
    }
    const mapping = batch.deps.mappingOf(batch.connection, incoming.object);
    if (mapping === undefined) {
      close(batch, incoming, "quarantined", "quarantined", {
        code: "no_mapping",
        detail: `No mapping for ${incoming.object}`,
      });
      continue;
    }
    const read =
      incoming.body === null
        ? { externalId: incoming.externalId, parentExternalId: undefined, claims: incoming.shown ?? {}, faults: [] }
        : mapping.readRemote(incoming.body);
    const fault = read.faults[0];
    if (fault !== undefined) {
      const detail = read.faults.map((each) => each.detail).join("; ");
      close(batch, incoming, "quarantined", "quarantined", { code: fault.code, detail, field: fault.field });
      continue;
    }
    mapped.push({ incoming, mapping, read });
  }
  return mapped;
}

/**
 * Locks what strangers may be matched by (rule R7), and asks once more for their links: whoever held the locks may have
 * made them, as a create's own answer does (rule R19). A link that was not there could not be locked.
 */
async function meetStrangers(batch: Batch, strangers: readonly Mapped[]): Promise<void> {
  if (strangers.length === 0) return;
  const keys = strangers.flatMap(({ mapping, read, incoming }) =>
    mapping.as === "kundeemne"
      ? lockKeys(strangerOf(mapping, read.claims, incoming.externalId))
      : [`object:${incoming.object}:${incoming.externalId}`],
  );
  await lockMatchKeys(batch.tx, keys);
  await takeLinks(
    batch,
    strangers.map(({ incoming }) => incoming),
  );
}

/**
 * Strangers that show what an open create has sent. They are judged as its answer, never as a first meeting (rule R19):
 * taken for strangers they would become a second record, and the create would be sent again.
 */
async function waitingForOurs(batch: Batch, mapped: readonly Mapped[]): Promise<Set<Mapped>> {
  const strangers = mapped.filter(({ incoming }) => !incoming.pushed && isStranger(batch, incoming));
  if (strangers.length === 0) return new Set();
  const creates = await loadOpenCreates(batch.tx, batch.connection);
  return new Set(
    strangers.filter(({ incoming, mapping, read }) =>
      creates.some((each) => each.object === incoming.object && isMade(mapping, each.sent, each.versions, read.claims)),
    ),
  );
}

/** The emner of children, by the parent's external id. */
async function findParents(batch: Batch, mapped: readonly Mapped[]): Promise<Map<string, string>> {
  const wanted = new Map<string, Set<string>>();
  for (const { mapping, read } of mapped) {
    if (mapping.parent === undefined || read.parentExternalId === undefined) continue;
    const ids = wanted.get(mapping.parent.object) ?? new Set();
    wanted.set(mapping.parent.object, ids.add(read.parentExternalId));
  }
  const parents = new Map<string, string>();
  for (const [object, ids] of wanted) {
    for (const [externalId, id] of await findLinked(batch.tx, batch.connection, object, [...ids]))
      parents.set(remoteKey(object, externalId), id);
  }
  return parents;
}

function judgeOne(
  batch: Batch,
  { incoming, mapping, read }: Mapped,
  index: MatchIndex,
  parents: ReadonlyMap<string, string>,
  options: DecideBatchOptions & { readonly answers: Map<string, Answered> },
): void {
  const lane = batch.lanes.get(laneKey(batch.connection, incoming.object));
  if (lane === undefined) {
    const detail = `Object ${incoming.object} is not configured`;
    return close(batch, incoming, "quarantined", "quarantined", { code: "not_configured", detail });
  }
  const key = remoteKey(incoming.object, incoming.externalId);
  const known = batch.links.get(key);
  let receipt: Answered | undefined;
  if (known !== undefined && !incoming.certain) {
    const facts = {
      link: known.link,
      newestHash: known.link.newestHash,
      ...(batch.delivered.get(known.link.id) ?? { acknowledged: null, outstanding: null }),
    };
    const verdict = judgeReading(facts, incoming);
    // The first reading after an unknown outcome answers the attempt, also where it shows what stood before (rule R17).
    if (verdict.verdict === "repeat" && !options.answers.has(key)) {
      // Shown again: the suspicion of a listing that missed it is gone (rule R9), and what was put aside since is not the
      // newest kept any more (rule R5).
      const newestChangeId = incoming.changeId ?? known.link.newestChangeId;
      if (known.link.missingSince !== null || newestChangeId !== known.link.newestChangeId) {
        known.link = { ...known.link, missingSince: null, newestChangeId };
        known.dirty = true;
      }
      known.image ??= incoming.body ?? undefined;
      return close(batch, incoming, "repeat", "unchanged");
    }
    if (verdict.verdict === "receipt") receipt = takeReceipt(batch, known, incoming);
    if (verdict.verdict === "stale") {
      const { object, externalId } = incoming;
      if (verdict.readAgain) batch.readAgain.push({ object, externalId, why: verdict.why });
      return close(batch, incoming, "stale", "unchanged", {
        code: verdict.why,
        detail: "Not decided: the reading is older than what is known",
      });
    }
  }
  if (incoming.deleted) return judgeGone(batch, lane, known, incoming);
  const slot: LinkSlot = known ?? {
    link: newLink({
      id: batch.deps.newId(),
      connection: batch.connection,
      object: incoming.object,
      externalId: incoming.externalId,
      entity: mapping.as,
    }),
    dirty: true,
    image: undefined,
  };
  if (known === undefined) batch.links.set(key, slot);
  const isLookedUp = options.lookedUp?.has(key) === true;
  const said = { tied: options.tied?.get(key), isNew: options.asNew?.has(key) === true, isWanted: isLookedUp };
  const meant = resolve(batch, lane, slot, { incoming, mapping, read }, index, parents, said);
  if (meant.kind === "closed") return;
  if (meant.kind === "nobody") {
    keep(slot, incoming, mapping.version);
    return close(batch, incoming, "decided", "unchanged");
  }
  const entitySlot = batch.entities.get(meant.id);
  if (entitySlot === undefined) throw new Error(`Record ${meant.id} of a link is not in hand`);
  const answered = options.answers.get(key) ?? receipt;
  // One reading answers the attempt; what the object shows after it is judged as what it is.
  options.answers.delete(key);
  const settled =
    answered === undefined
      ? undefined
      : settleAnswer(batch, slot, entitySlot, mapping, incoming, answered, meant.claims);
  const past = pastOf(batch, slot, incoming);
  const since = batch.history.length;
  const isHeard = slot.link.state !== "extra" && (!isLookedUp || meant.kind === "created");
  const heard = isHeard ? lane : proposing(lane, isLookedUp ? LAWFUL : {});
  const judged = judge(batch, heard, mapping, slot, entitySlot, incoming, settled?.rest ?? meant.claims, {
    fresh: meant.kind === "created",
    ...(meant.kind === "created" ? { also: foundBy(batch, entitySlot, incoming) } : {}),
    ...(settled === undefined ? {} : { settled: settled.effects }),
  });
  if (judged.readAgain !== undefined) {
    batch.readAgain.push({ object: incoming.object, externalId: incoming.externalId, why: judged.readAgain });
    return close(batch, incoming, "stale", "unchanged", {
      code: `R8:${judged.readAgain}`,
      detail: "Many fields were empty at once: the object is read once more",
    });
  }
  alertOfBalance(batch, entitySlot, mapping, incoming);
  countTaken(batch, incoming, meant.id, since, meant.kind === "created");
  forget(slot, past);
  keep(slot, incoming, mapping.version);
  if (meant.kind !== "same") {
    index.add(entitySlot.entity);
    afterLinking(batch, slot, meant.id, incoming);
  }
  const outcome =
    judged.outcome === "held"
      ? "held"
      : meant.kind === "created"
        ? "created"
        : meant.kind === "linked"
          ? "linked"
          : judged.outcome;
  close(batch, incoming, "decided", outcome);
}
