import type { DealingType, RemoteObject } from "../connectors/connector.ts";
import { RejectedError } from "../lib/errors.ts";
import { readDealingImage } from "../mappings/dealing.ts";
import type { EntityKind, Values } from "../model/catalogue.ts";
import type { DealingKind } from "../model/dealings.ts";
import { canonicalDecimal } from "../model/decimal.ts";
import { gateState } from "../rules/gate.ts";
import { readNow } from "../store/clock.ts";
import { countUnseen, type Dealing, deleteMissing, lockRead, noteSeen, upsertRead } from "../store/dealings.ts";
import { findLinked } from "../store/links.ts";
import { alert } from "../store/reviews.ts";
import { type Batch, iso } from "./batch.ts";
import { addUp, type SumCause } from "./dealing-sums.ts";
import type { Deps } from "./deps.ts";
import { inBatch } from "./edit.ts";
import { takeEntities } from "./load.ts";
import { laneKey } from "./world.ts";

const BATCH_SIZE = 500;
/** A listing that suddenly lacks more than these, and half of all, is believed by a person only (rule R9). */
const MISSED_AT_ONCE = 20;

/** Dealings that a connection shows, by its connector's word for these settings. */
export function dealingTypesOf(deps: Deps, connection: string): readonly DealingType[] {
  const { dealings, settings } = deps.connectorOf(connection);
  return dealings?.(settings.parse(deps.connection(connection).settings)) ?? [];
}

export interface DealingCounts {
  /** Objects that the remote showed: written, as they were, of nobody linked or forbidden, unreadable. They add up. */
  read: number;
  changed: number;
  unchanged: number;
  unplaced: number;
  unreadable: number;
  /** Rows taken away because two listings did not show them. */
  removed: number;
}

/**
 * Reads aktiviteter, opgaver, tilbud and noter that a connection keeps (S5, S90), each onto the Kundeemne that its account
 * is linked with. What adds up follows in the same transaction. May run twice: what is as it was is not written.
 */
export async function readDealings(deps: Deps, connection: string): Promise<DealingCounts> {
  const counts: DealingCounts = { read: 0, changed: 0, unchanged: 0, unplaced: 0, unreadable: 0, removed: 0 };
  for (const type of dealingTypesOf(deps, connection)) {
    const client = deps.clientOf(connection);
    if (client.listDealings === undefined)
      throw new RejectedError("capability_missing", `The connection shows no ${type.kind}`);
    const { listDealings } = client;
    const beganAt = await readNow(deps.db.sql);
    const seen: string[] = [];
    await deps.limits.take(connection);
    for await (const page of listDealings(type)) {
      for (let at = 0; at < page.objects.length; at += BATCH_SIZE) {
        const objects = page.objects.slice(at, at + BATCH_SIZE);
        seen.push(...objects.map(({ externalId }) => externalId));
        await inBatch(deps, (batch) => take(batch, connection, type, objects, counts));
      }
    }
    counts.removed += await takeAway(deps, connection, type, seen, beganAt);
  }
  deps.log.info("dealings.read", { connection, ...counts });
  return counts;
}

async function take(
  batch: Batch,
  connection: string,
  type: DealingType,
  objects: readonly RemoteObject[],
  counts: DealingCounts,
): Promise<void> {
  counts.read += objects.length;
  const { kind, object } = type;
  const lane = batch.lanes.get(laneKey(connection, object));
  const accountOf = ({ image }: RemoteObject): string => String(image[type.account] ?? "").trim();
  const accounts = [...new Set(objects.map(accountOf))].filter((each) => each !== "");
  // Nothing comes in by an object that is off or not released (rule R27).
  const owners = lane?.inbound ? await findLinked(batch.tx, connection, object, accounts) : new Map<string, string>();
  await takeEntities(batch, new Map<string, EntityKind>([...owners.values()].map((id) => [id, "kundeemne"])));
  const known = await lockRead(
    batch.tx,
    kind,
    connection,
    objects.map(({ externalId }) => externalId),
  );
  const written: Dealing[] = [];
  const touched = new Set<string>();
  for (const each of objects) {
    const owner = owners.get(accountOf(each)) ?? "";
    const slot = batch.entities.get(owner);
    if (slot === undefined || !gateState(slot.entity, "in").allowed) {
      counts.unplaced += 1;
      continue;
    }
    const before = known.get(each.externalId);
    const read = readDealingImage(kind, type.fields, each.image);
    if (!read.ok) {
      counts.unreadable += 1;
      tell(batch, connection, type, each.externalId, read);
      continue;
    }
    if (before !== undefined && before.kundeemneId === owner && isSame(before.values, read.values)) {
      counts.unchanged += 1;
      continue;
    }
    counts.changed += 1;
    written.push(rowOf(batch, connection, owner, each.externalId, read.values, before));
    touched.add(owner);
    if (before !== undefined) touched.add(before.kundeemneId);
  }
  await upsertRead(batch.tx, kind, written);
  // One that hangs on another emne now: that one's sums move too. Locked later than the rest, and so only where it is free.
  const strangers = [...touched].filter((id) => !batch.entities.has(id));
  await takeEntities(batch, new Map<string, EntityKind>(strangers.map((id) => [id, "kundeemne"])));
  await addUp(batch, slotsOf(batch, touched), causeOf(batch, connection, kind, "read"));
}

const slotsOf = (batch: Batch, ids: Iterable<string>) => [...ids].flatMap((id) => batch.entities.get(id) ?? []);

const causeOf = (batch: Batch, connection: string, kind: DealingKind, what: "read" | "gone"): SumCause => ({
  by: { kind: "connection", connection, object: kind, from: batch.now, to: batch.now },
  kind: `${kind}_${what}`,
});

function rowOf(
  batch: Batch,
  connection: string,
  kundeemneId: string,
  externalId: string,
  values: Values,
  before: Dealing | undefined,
): Dealing {
  const at = iso(batch.now);
  return {
    id: before?.id ?? batch.deps.newId(),
    kundeemneId,
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
    createdBy: before?.createdBy ?? connection,
    updatedBy: connection,
    // Who wrote a note there is whom the remote names.
    values: { ...values, kundeemneId },
    source: { connection, externalId },
  };
}

/** Are the values that were read what stands here? Decimals and instants stand here as PostgreSQL spells them. */
const isSame = (before: Values, read: Values): boolean =>
  Object.entries(read).every(([field, value]) => {
    const stood = before[field] ?? null;
    if (stood === value) return true;
    return typeof stood === "string" && typeof value === "string"
      ? Number.isFinite(Number(stood)) && canonical(stood) === canonical(value)
      : JSON.stringify(stood) === JSON.stringify(value);
  });

const canonical = (text: string): string => canonicalDecimal(text) ?? text;

function tell(
  batch: Batch,
  connection: string,
  { kind }: DealingType,
  externalId: string,
  { field, code }: { readonly field: string; readonly code: string },
): void {
  batch.alerts.push({
    ...{ kind: "alert", reason: `dealing:${code}`, connection, object: kind, externalId, detail: { field, code } },
  });
}

/** What two full listings have not shown is there no more (rule R9); a listing that lacks very much is not believed. */
async function takeAway(
  deps: Deps,
  connection: string,
  { kind, object }: DealingType,
  seen: readonly string[],
  beganAt: number,
): Promise<number> {
  const { sql } = deps.db;
  const { unseen, all } = await countUnseen(sql, kind, connection, seen);
  if (unseen > MISSED_AT_ONCE && unseen > all / 2) {
    const detail = { unseen, all, object };
    await alert(sql, iso(beganAt), { connection, object: kind, reason: "R9:short_listing", detail });
    return 0;
  }
  const missing = await noteSeen(sql, kind, connection, seen, iso(beganAt));
  for (let at = 0; at < missing.length; at += BATCH_SIZE) {
    const some = missing.slice(at, at + BATCH_SIZE);
    const owners = new Set(some.map(({ kundeemneId }) => kundeemneId));
    await inBatch(deps, async (batch) => {
      await takeEntities(batch, new Map<string, EntityKind>([...owners].map((id) => [id, "kundeemne"])));
      await deleteMissing(
        batch.tx,
        kind,
        some.map(({ id }) => id),
      );
      await addUp(batch, slotsOf(batch, owners), causeOf(batch, connection, kind, "gone"));
    });
  }
  return missing.length;
}
