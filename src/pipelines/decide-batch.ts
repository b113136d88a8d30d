import type { EntityKind, Values } from "../model/catalogue.ts";
import { type Settled, settle } from "../rules/answer.ts";
import { lastShown } from "../rules/owed.ts";
import { judgeReading } from "../rules/reading.ts";
import { lockMatchKeys } from "../store/candidates.ts";
import type { Tx } from "../store/database.ts";
import { findLinked, newLink, remoteKey } from "../store/links.ts";
import {
  type Batch,
  close,
  type EntitySlot,
  type Incoming,
  type LinkSlot,
  newSlot,
  systemSetter,
  write,
} from "./batch.ts";
import type { Deps } from "./deps.ts";
import { flush } from "./flush.ts";
import { judgeGone } from "./gone.ts";
import { judge } from "./judge.ts";
import { type Mapped, openBatch, takeBlocks, takeEntities, takeLinks } from "./load.ts";
import { openMatchCase } from "./match-cases.ts";
import { indexOf, loadCandidates, lockKeys, type MatchIndex, placed } from "./matching.ts";
import { countMeeting, guardMeetings, takeAccepted } from "./meetings.ts";
import { laneKey, type OpenLane } from "./world.ts";

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
}

/** An attempt and how its outcome is known. */
export interface Answered {
  /** What reading the body back would give. */
  readonly values: Values;
  readonly versions: { readonly [unit: string]: number };
  readonly how: "answer" | "read";
  /** The link is in flight by this attempt, and is settled now. */
  readonly ends: boolean;
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
  let batch = await openBatch(deps, tx, connection, options.asReleased);
  const mapped = readAll(batch, incomings);
  await takeLinks(batch, [...incomings, ...(options.alsoLinks ?? [])]);

  const parents = await findParents(batch, mapped);
  const ids = new Map<string, EntityKind>(options.alsoEntities ?? []);
  for (const { link } of batch.links.values()) if (link.entityId !== null) ids.set(link.entityId, link.entity);
  for (const id of parents.values()) ids.set(id, "kundeemne");
  const strangers = mapped.filter((each) => isStranger(batch, each.incoming) && each.mapping.as === "kundeemne");
  if (strangers.length > 0) {
    const wanted = strangers.map((each) => placed(each.mapping, each.read.claims));
    await lockMatchKeys(tx, wanted.flatMap(lockKeys));
    await loadCandidates(batch, wanted);
    for (const id of batch.entities.keys()) ids.set(id, "kundeemne");
    batch.entities.clear();
    await takeAccepted(batch, strangers);
  }
  await takeEntities(batch, ids);
  if (strangers.length > 0 || ids.size > 0) {
    const outward = [...batch.lanes.values()].some((lane) => lane.createOut && lane.outbound);
    if (strangers.length > 0 || outward)
      batch = await takeBlocks(
        batch,
        [...ids.keys()],
        strangers.map((each) => each.incoming.externalId),
      );
  }
  const index = indexOf(batch.entities.values());
  for (const each of mapped) judgeOne(batch, each, index, parents, options);
  if (options.asReleased === undefined) await guardMeetings(batch);
  await options.after?.(batch);
  await flush(batch);
  return batch;
}

/** Maps readings in; a known field with a wrong shape puts its change into quarantine, alone (promise 7). */
function readAll(batch: Batch, incomings: readonly Incoming[]): Mapped[] {
  const mapped: Mapped[] = [];
  for (const incoming of incomings) {
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
        ? { externalId: incoming.externalId, parentExternalId: undefined, claims: {}, faults: [] }
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

/** Nothing is known of the remote object yet, or nobody has said what it stands for. */
function isStranger(batch: Batch, incoming: Incoming): boolean {
  const slot = batch.links.get(remoteKey(incoming.object, incoming.externalId));
  return (
    !incoming.deleted &&
    (slot === undefined ||
      (slot.link.entityId === null && (slot.link.state === "suggested" || slot.link.state === "linked")) ||
      slot.link.state === "gone")
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
  options: DecideBatchOptions,
): void {
  const lane = batch.lanes.get(laneKey(batch.connection, incoming.object));
  if (lane === undefined)
    return close(batch, incoming, "quarantined", "quarantined", {
      code: "not_configured",
      detail: `Object ${incoming.object} is not configured`,
    });
  const key = remoteKey(incoming.object, incoming.externalId);
  const known = batch.links.get(key);
  if (known !== undefined && !incoming.certain) {
    const facts = {
      link: known.link,
      newestHash: known.link.newestHash,
      ...(batch.delivered.get(known.link.id) ?? { acknowledged: null, outstanding: null }),
    };
    const verdict = judgeReading(facts, incoming);
    if (verdict.verdict === "repeat") return close(batch, incoming, "repeat", "unchanged");
    if (verdict.verdict === "receipt") takeReceipt(batch, known);
    if (verdict.verdict === "stale") {
      if (verdict.readAgain)
        batch.readAgain.push({ object: incoming.object, externalId: incoming.externalId, why: verdict.why });
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
  const meant = resolve(batch, lane, slot, { incoming, mapping, read }, index, parents, options.tied?.get(key));
  if (meant.kind === "closed") return;
  if (meant.kind === "nobody") {
    keep(slot, incoming, mapping.version);
    return close(batch, incoming, "decided", "unchanged");
  }
  const entitySlot = batch.entities.get(meant.id);
  if (entitySlot === undefined) throw new Error(`Record ${meant.id} of a link is not in hand`);
  const answered = options.answers?.get(key);
  const settled =
    answered === undefined
      ? undefined
      : settleAnswer(batch, slot, entitySlot, mapping, incoming, answered, meant.claims);
  const judged = judge(batch, lane, mapping, slot, entitySlot, incoming, settled?.rest ?? meant.claims, {
    fresh: meant.kind === "created",
    ...(settled === undefined ? {} : { settled: settled.effects }),
  });
  if (judged.readAgain !== undefined) {
    batch.readAgain.push({ object: incoming.object, externalId: incoming.externalId, why: judged.readAgain });
    return close(batch, incoming, "stale", "unchanged", {
      code: `R8:${judged.readAgain}`,
      detail: "Many fields were empty at once: the object is read once more",
    });
  }
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

type Meant =
  | { readonly kind: "same" | "linked" | "created"; readonly id: string; readonly claims: Values }
  | { readonly kind: "nobody" }
  | { readonly kind: "closed" };

/** Which record a remote object stands for: its link, else a match (rules R24, R25), else a new one where allowed. */
function resolve(
  batch: Batch,
  lane: OpenLane,
  slot: LinkSlot,
  { incoming, mapping, read }: Mapped,
  index: MatchIndex,
  parents: ReadonlyMap<string, string>,
  tied: string | undefined,
): Meant {
  const { link } = slot;
  const { claims } = read;
  if (tied !== undefined && link.entityId === null) return tie(slot, tied, "linked", claims);
  if (link.entityId !== null && (link.state === "linked" || link.state === "extra"))
    return { kind: "same", id: link.entityId, claims };
  if (link.state === "gone" && link.entityId !== null) {
    // The id is back: the link lives again (rule R25).
    return tie(slot, link.entityId, "linked", claims);
  }
  if (link.entityId !== null || link.state === "unlinked" || link.state === "refused" || link.state === "disputed")
    return { kind: "nobody" };
  if (!lane.inbound) return { kind: "nobody" };
  if (mapping.as === "kontaktperson") return resolveContact(batch, lane, slot, { incoming, mapping, read }, parents);

  const refused = new Set(
    batch.blocks.flatMap((block) =>
      block.connection === lane.connection &&
      block.object === lane.object &&
      (block.externalId === "" || block.externalId === link.externalId)
        ? [block.entityId]
        : [],
    ),
  );
  const values = placed(mapping, claims);
  const match = index.find(values, refused);
  if (match.kind === "one") {
    const candidate = batch.entities.get(match.id);
    if (candidate === undefined) throw new Error(`Match ${match.id} is not in hand`);
    // A record in the archive, or one that another object of this kind stands for already, is a person's to decide.
    const busy = hasLink(batch, match.id, lane) || candidate.entity.state.archived || candidate.entity.state.restricted;
    if (!busy) {
      countMeeting(batch, lane, link.externalId);
      return tie(slot, match.id, "linked", claims);
    }
  }
  if (match.kind !== "none") {
    const ids = match.kind === "one" ? [match.id] : match.ids;
    openMatchCase(batch, slot, incoming, ids, match.kind === "one" ? `${match.tier}:already_linked` : match.tier);
    keep(slot, incoming, mapping.version);
    close(batch, incoming, "decided", "held");
    return { kind: "closed" };
  }
  if (!lane.createIn) return { kind: "nobody" };
  if (typeof values.firmanavn !== "string" || values.firmanavn === "") {
    close(batch, incoming, "quarantined", "quarantined", {
      code: "required",
      detail: "firmanavn is required to make a Kundeemne; the remote shows none",
      field: "firmanavn",
    });
    return { kind: "closed" };
  }
  const made = newSlot({ kind: "kundeemne", id: batch.deps.newId(), parentId: null }, batch.now);
  batch.entities.set(made.entity.id, made);
  batch.otherLinks.set(made.entity.id, []);
  batch.contacts.set(made.entity.id, []);
  return tie(slot, made.entity.id, "created", claims);
}

/** A contact belongs to exactly one emne; within it, it is known by id, then by e-mail, never by name alone (S26, S27). */
function resolveContact(
  batch: Batch,
  lane: OpenLane,
  slot: LinkSlot,
  { incoming, mapping, read }: Mapped,
  parents: ReadonlyMap<string, string>,
): Meant {
  const parentKey =
    mapping.parent === undefined ? undefined : remoteKey(mapping.parent.object, read.parentExternalId ?? "");
  const parentId = parentKey === undefined ? undefined : parents.get(parentKey);
  if (parentId === undefined) {
    const detail = "The emne that this contact belongs to is not linked yet; the change is taken up again when it is";
    close(batch, incoming, "quarantined", "quarantined", {
      code: "parent_unknown",
      detail,
      parent: read.parentExternalId ?? "",
    });
    return { kind: "closed" };
  }
  const contacts = batch.contacts.get(parentId) ?? [];
  const email = typeof read.claims.email === "string" ? read.claims.email.trim().toLowerCase() : "";
  const same =
    email === ""
      ? []
      : contacts.filter(
          (each) =>
            String(each.entity.values.email ?? "")
              .trim()
              .toLowerCase() === email && !hasLink(batch, each.entity.id, lane),
        );
  const one = same.length === 1 ? same[0] : undefined;
  if (one !== undefined) return tie(slot, one.entity.id, "linked", read.claims);
  if (!lane.createIn) return { kind: "nobody" };
  const made = newSlot({ kind: "kontaktperson", id: batch.deps.newId(), parentId }, batch.now);
  batch.entities.set(made.entity.id, made);
  batch.otherLinks.set(made.entity.id, []);
  batch.contacts.set(parentId, [...contacts, made]);
  const taken = contacts.some((each) => each.entity.values.primaer === true);
  // At most one primary contact: a second claim of it waits for a person with the flag left out (S22).
  const claims = taken && read.claims.primaer === true ? { ...read.claims, primaer: false } : read.claims;
  return tie(slot, made.entity.id, "created", claims);
}

function tie(slot: LinkSlot, entityId: string, kind: "linked" | "created", claims: Values): Meant {
  slot.link = { ...slot.link, entityId, state: "linked" };
  slot.dirty = true;
  return { kind, id: entityId, claims };
}

const hasLink = (batch: Batch, entityId: string, lane: OpenLane): boolean => {
  const isLive = (link: { state: string; connection: string; object: string }): boolean =>
    (link.state === "linked" || link.state === "extra") &&
    link.connection === lane.connection &&
    link.object === lane.object;
  if ((batch.otherLinks.get(entityId) ?? []).some(isLive)) return true;
  for (const slot of batch.links.values()) if (slot.link.entityId === entityId && isLive(slot.link)) return true;
  return false;
};

/** What follows from a new link: the computed fields of S35, and children that wait for their parent. */
function afterLinking(batch: Batch, slot: LinkSlot, entityId: string, incoming: Incoming): void {
  slot.link = { ...slot.link, linkedAt: slot.link.linkedAt ?? new Date(batch.now).toISOString() };
  batch.linked.push(incoming.externalId);
  batch.look.add(entityId);
  const field = incoming.object === "debitor" ? "findesDeb" : incoming.object === "kreditor" ? "findesKred" : undefined;
  const entity = batch.entities.get(entityId);
  if (field === undefined || entity === undefined || entity.entity.kind !== "kundeemne") return;
  if (entity.entity.values[field] !== true) {
    const cause = {
      by: systemSetter(batch.now),
      changeId: incoming.changeId,
      runId: incoming.runId,
      mapping: null,
      kind: "linked",
    };
    write(batch, entity, [{ unit: field, did: "took", rule: "S35:linked", write: { [field]: true } }], cause);
  }
}

/**
 * A push names our outstanding delivery: that is its receipt (rule R21). What it shows is a later read, so its values
 * are judged by rule R13 against the image that was handed out; the image goes after this reading.
 */
function takeReceipt(batch: Batch, slot: LinkSlot): void {
  const outstanding = batch.delivered.get(slot.link.id)?.outstanding;
  if (outstanding === null || outstanding === undefined) return;
  batch.receipted.push(outstanding);
  batch.delivered.set(slot.link.id, { acknowledged: outstanding, outstanding: null });
  slot.link = { ...slot.link, inFlight: false, writeCount: slot.link.writeCount + 1 };
  slot.dirty = true;
}

/** Judges an answer field by field (rule R17); what it did not settle is judged as a reading. */
function settleAnswer(
  batch: Batch,
  slot: LinkSlot,
  entitySlot: EntitySlot,
  mapping: Mapped["mapping"],
  incoming: Incoming,
  answered: Answered,
  claims: Values,
): Settled {
  const { link } = slot;
  const settled = settle(entitySlot.entity.kind, link, mapping, answered, lastShown(link), claims, answered.how);
  if (answered.ends) {
    // Images are forgotten at settle; late ones outlive it until the remote's longest delay has passed (rule R13).
    const images = link.images.filter((image) => image.until !== undefined && image.until > batch.now);
    slot.link = { ...link, images, inFlight: false, writeCount: link.writeCount + 1 };
    slot.dirty = true;
  }
  for (const unit of settled.ignored) {
    const about = {
      entity: entitySlot.entity.kind,
      entityId: entitySlot.entity.id,
      unit,
      connection: link.connection,
      object: link.object,
    } as const;
    const review = {
      ...about,
      kind: "ignored_write",
      externalId: link.externalId,
      linkId: link.id,
      changeId: incoming.changeId,
      reason: "R17:ignored",
    } as const;
    batch.openings.push({ entityId: null, hold: null, review });
  }
  return settled;
}

/** Notes on the link what was read: the newest image, hash, counter and times. */
function keep(slot: LinkSlot, incoming: Incoming, mappingVersion: string): void {
  slot.link = {
    ...slot.link,
    newestHash: incoming.hash,
    newestChangeId: incoming.changeId ?? slot.link.newestChangeId,
    counter: incoming.counter ?? slot.link.counter,
    remoteVersion: incoming.remoteVersion ?? slot.link.remoteVersion,
    decidedReceivedAt: incoming.receivedAt,
    decidedBeganAt: incoming.beganAt,
    mappingVersion,
    missingSince: null,
  };
  slot.image = incoming.body;
  slot.dirty = true;
}
