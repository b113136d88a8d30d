import type { Values } from "../model/catalogue.ts";
import { type Applied, applyToEntity } from "../rules/apply.ts";
import type { UnitEffect } from "../rules/decision.ts";
import type { Version } from "../rules/ping-pong.ts";
import { withPosition } from "../rules/position.ts";
import { type Entity, noState, type Setter } from "../rules/record.ts";
import type { Outcome } from "../store/changes.ts";
import type { Tx } from "../store/database.ts";
import type { Due } from "../store/deliveries.ts";
import type { StoredEntity } from "../store/entities.ts";
import type { HistoryEntry } from "../store/history.ts";
import type { KnownRows } from "../store/known-rows.ts";
import type { LinkBlock, LinkWish } from "../store/link-blocks.ts";
import type { RemoteKey, StoredLink } from "../store/links.ts";
import type { NewReview, Review, ReviewSide } from "../store/reviews.ts";
import type { Deps } from "./deps.ts";
import type { Counted } from "./lane-stopped.ts";
import type { OpenLane } from "./world.ts";

/** A reading on its way to be decided: from the inbox, from a read before a write, from a write's answer. Times in ms. */
export interface Incoming extends RemoteKey {
  /** Null: it did not come by the inbox. */
  readonly changeId: number | null;
  readonly runId: number | null;
  readonly deleted: boolean;
  readonly replacedBy?: string | undefined;
  readonly body: Record<string, unknown> | null;
  /** Instead of a body: claims that the link has kept, of some units; nothing was read now. */
  readonly shown?: Values;
  /** The body is the image that the link has: what we wrote since the change that it names is in it too. */
  readonly kept?: true;
  readonly hash: string;
  readonly counter: number | null;
  readonly lastDelivery: number | null;
  readonly remoteVersion: string | null;
  readonly changedAt: number | null;
  readonly beganAt: number;
  readonly receivedAt: number;
  /** When the listing before this reading began, if it had one (rule R3). */
  readonly hadBaseAt?: number | null;
  readonly writeCount: number | null;
  readonly whole: boolean;
  /** A push by a system we cannot read. */
  readonly pushed: boolean;
  /** The reading that a suspicion asked for. */
  readonly confirmed: boolean;
  /** Already judged to be decided: the read right before a write, the answer of one. */
  readonly certain: boolean;
}

export interface EntitySlot {
  entity: Entity;
  readonly createdAt: string;
  /** Version when the batch began; 0: made in it. */
  readonly was: number;
  /** Must be written: a value, provenance or a hold changed. */
  dirty: boolean;
}

export interface LinkSlot {
  link: StoredLink;
  /** Must be written whole. */
  dirty: boolean;
  /** A write is about to leave: written too, where nothing else of the row has changed, as that alone. */
  departs?: boolean;
  image: unknown;
  /** The change whose body the image is; null: it did not come by the inbox. */
  imageOf?: number | null;
}

/** A conflict or proposal that the batch opens; its id becomes the hold once it is known. */
export interface Opening {
  readonly review: NewReview;
  readonly entityId: string | null;
  readonly hold: string | null;
}

/** Everything one transaction holds in hand: loaded once, decided in memory, written once. */
export interface Batch {
  readonly deps: Deps;
  readonly tx: Tx;
  readonly connection: string;
  /** Now, read in SQL once (rule R35), in ms. */
  readonly now: number;
  readonly lanes: ReadonlyMap<string, OpenLane>;
  readonly links: Map<string, LinkSlot>;
  readonly entities: Map<string, EntitySlot>;
  /** Contacts by emne; loaded where a mapping has a view of the primary one, or contacts are decided. */
  readonly contacts: Map<string, EntitySlot[]>;
  /** Links of the records in hand at other objects and connections; not locked. */
  readonly otherLinks: Map<string, StoredLink[]>;
  readonly blocks: readonly LinkBlock[];
  readonly wishes: readonly LinkWish[];
  /** Open reviews that hold a unit of a record in hand. */
  readonly held: Map<number, Review & { moved: boolean; sides: ReviewSide[] }>;
  readonly openings: Opening[];
  readonly closings: { id: number; why: string }[];
  readonly outcomes: Outcome[];
  readonly due: Due[];
  readonly history: HistoryEntry[];
  /** To be read once more (rules R6, R8). */
  readonly readAgain: { object: string; externalId: string; why: string }[];
  readonly alerts: NewReview[];
  /** Links that came to stand for a record in this batch, for children that wait. */
  readonly linked: string[];
  readonly renumbered: { id: string; externalId: string }[];
  readonly goneBlocks: LinkBlock[];
  readonly orphaned: string[];
  /** Link rows that have an open match case already. */
  readonly openMatches: Set<string>;
  /** Pull mode, by link id: newest delivery acknowledged, and the one that is out (rule R21). */
  readonly delivered: Map<string, { acknowledged: number | null; outstanding: number | null }>;
  /** Deliveries that a push has receipted. */
  readonly receipted: number[];
  /** Remote ids whose first meeting an accepted preview has named (rule R26). */
  readonly accepted: Set<string>;
  /** First meetings of this batch that no preview named, by object. */
  readonly meetings: Map<string, number>;
  /** What the fields of some records have been through, newest first (rule R31). */
  readonly versions: Map<string, Version[]>;
  /** What guards count of this batch (rule R30). */
  readonly counted: Counted[];
  /** Records to be looked at for what is owed, though nothing of them changed here. */
  readonly look: Set<string>;
  /** Rows as they were when the process last had them in hand; what is read is noted there. */
  readonly known: Known | undefined;
}

/** What is handed from one transaction to the next that takes the same rows up. */
export interface Known {
  readonly links: KnownRows<StoredLink>;
  readonly kundeemner: KnownRows<StoredEntity>;
}

export const iso = (ms: number): string => new Date(ms).toISOString();

export const slotOf = (stored: StoredEntity): EntitySlot => ({
  entity: stored,
  createdAt: stored.createdAt,
  was: stored.version,
  dirty: false,
});

/** A record that the batch makes; version 0 until something is written to it. */
export function newSlot(entity: Pick<Entity, "kind" | "id" | "parentId">, now: number): EntitySlot {
  return {
    entity: {
      ...entity,
      version: 0,
      values: {},
      provenance: { s: [], u: {} },
      policies: [],
      holds: {},
      state: noState,
    },
    createdAt: iso(now),
    was: 0,
    dirty: true,
  };
}

export interface Cause {
  readonly by: Setter;
  readonly changeId: number | null;
  readonly runId: number | null;
  readonly mapping: string | null;
  /** What happened; by default `created` for version 1, else `updated`. */
  readonly kind?: string;
}

/** Puts an applied decision into its slot; a new version goes to history with its cause. */
export function record(batch: Batch, slot: EntitySlot, applied: Applied, cause: Cause): void {
  if (!applied.touched && applied.entity === slot.entity) return;
  const moved = applied.entity.version !== slot.entity.version;
  slot.entity = applied.entity;
  slot.dirty = true;
  if (!moved) return;
  batch.history.push({
    entityId: applied.entity.id,
    entity: applied.entity.kind,
    version: applied.entity.version,
    kind: cause.kind ?? (applied.entity.version === 1 ? "created" : "updated"),
    by: cause.by,
    changeId: cause.changeId,
    runId: cause.runId,
    mappingVersion: cause.mapping,
    fields: applied.changed,
  });
}

/** Writes fields outside deciding: what follows from a link, an act of a person, the API. */
export function write(batch: Batch, slot: EntitySlot, effects: readonly UnitEffect[], cause: Cause): void {
  record(batch, slot, applyToEntity(slot.entity, withPosition(slot.entity, effects, batch.now), cause.by), cause);
}

/** The gateway itself as a setter: what it computes from links and states. */
export const systemSetter = (now: number): Setter => ({ kind: "system", from: now, to: now });

/** What became of a change of the inbox; readings that did not come by it have nothing to close. */
export function close(
  batch: Batch,
  incoming: Incoming,
  state: Outcome["state"],
  outcome: string,
  reason?: Outcome["reason"],
): void {
  if (incoming.changeId === null) return;
  batch.outcomes.push({ id: incoming.changeId, state, outcome, ...(reason === undefined ? {} : { reason }) });
}

/** Notes on the link what was read: the newest image, hash, counter and times. */
export function keep(slot: LinkSlot, incoming: Incoming, mappingVersion: string): void {
  if (incoming.shown !== undefined) return;
  slot.link = {
    ...slot.link,
    newestHash: incoming.hash,
    newestChangeId: incoming.changeId ?? slot.link.newestChangeId,
    counter: incoming.counter ?? slot.link.counter,
    remoteVersion: incoming.remoteVersion ?? slot.link.remoteVersion,
    remoteChangedAt: incoming.changedAt ?? slot.link.remoteChangedAt ?? null,
    decidedReceivedAt: incoming.receivedAt,
    decidedBeganAt: incoming.beganAt,
    mappingVersion,
    missingSince: null,
  };
  slot.dirty = true;
  if (incoming.kept === true) return;
  slot.image = incoming.body;
  slot.imageOf = incoming.changeId;
}
