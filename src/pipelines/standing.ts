import type { EntityKind } from "../model/catalogue.ts";
import { readNow } from "../store/clock.ts";
import { markDue } from "../store/deliveries.ts";
import { loadContacts, loadEntities } from "../store/entities.ts";
import { loadUnsettledLinks } from "../store/links.ts";
import { firstId, loadStandings, pageLinks, setStanding, unlinkedRecords } from "../store/standing.ts";
import { slotOf } from "./batch.ts";
import { primaryOf } from "./contacts.ts";
import type { Deps } from "./deps.ts";
import { openBatch, takeEntities } from "./load.ts";
import { linkOwes } from "./owing.ts";
import { laneKey } from "./world.ts";

export interface Standing {
  /** Linked objects looked at. */
  readonly links: number;
  /** Fields that differ though they should not; held ones stand apart. */
  readonly drift: number;
  readonly held: number;
  readonly withheld: number;
  readonly oneWay: number;
  readonly ignored: number;
}

const PAGE = 500;

/**
 * Goes through all links of an object, counts what differs by what the remote last showed, and makes due what is owed
 * and not due yet: what an event lost is found here. Streams: memory does not grow with the number of links.
 */
export async function sweep(deps: Deps, connection: string, object: string): Promise<Standing> {
  const mapping = deps.mappingOf(connection, object);
  const total = { links: 0, drift: 0, held: 0, withheld: 0, oneWay: 0, ignored: 0 };
  if (mapping === undefined) return total;
  let after = firstId;
  let due = false;
  for (;;) {
    const page = await deps.db.sql.begin(async (tx) => {
      const links = await pageLinks(tx, connection, object, after, PAGE);
      if (links.length === 0) return undefined;
      const batch = await openBatch(deps, tx, connection);
      const lane = batch.lanes.get(laneKey(connection, object));
      await takeEntities(batch, new Map(links.map((link) => [link.entityId ?? "", mapping.as as EntityKind])));
      const owing = [];
      for (const link of links) {
        const slot = batch.entities.get(link.entityId ?? "");
        if (slot === undefined || lane === undefined) continue;
        total.links += 1;
        const primary = mapping.hasView ? primaryOf(batch, slot.entity.id) : undefined;
        const owes = linkOwes(slot, primary, link, lane, mapping, batch.now);
        total.drift += owes.units.length;
        for (const reason of Object.values(owes.withheld)) {
          if (reason === "held" || reason === "proposed") total.held += 1;
          else total.withheld += 1;
        }
        for (const kind of Object.values(owes.left)) {
          if (kind === "one_way") total.oneWay += 1;
          else if (kind === "ignored") total.ignored += 1;
        }
        if (owes.units.length > 0) {
          owing.push({
            connection,
            object,
            linkId: link.id,
            entity: slot.entity.kind,
            entityId: slot.entity.id,
            kind: "update" as const,
          });
        }
      }
      await markDue(tx, owing);
      return { last: links.at(-1)?.id ?? "", owing: owing.length };
    });
    if (page === undefined) break;
    after = page.last;
    due ||= page.owing > 0;
  }
  due = (await dueCreates(deps, connection, object)) || due;
  await setStanding(deps.db.sql, connection, object, total);
  if (due) await deps.queue.due("deliver", connection);
  return total;
}

/** Records that should have an object here and have none: made due, set by set (rules R19, R25 forbid some). */
async function dueCreates(deps: Deps, connection: string, object: string): Promise<boolean> {
  const mapping = deps.mappingOf(connection, object);
  const wish = deps.connection(connection).objects[object];
  if (mapping === undefined || wish === undefined || !(wish.create === "out" || wish.create === "both")) return false;
  const open = await deps.db.sql.begin(
    async (tx) => (await openBatch(deps, tx, connection)).lanes.get(laneKey(connection, object))?.outbound === true,
  );
  if (!open) return false;
  let after = firstId;
  let any = false;
  for (;;) {
    const ids = await unlinkedRecords(
      deps.db.sql,
      mapping.as,
      connection,
      object,
      mapping.parent?.object ?? null,
      after,
      PAGE,
    );
    const last = ids.at(-1);
    if (last === undefined) return any;
    await markDue(
      deps.db.sql,
      ids.map((entityId) => ({
        connection,
        object,
        linkId: null,
        entity: mapping.as,
        entityId,
        kind: "create" as const,
      })),
    );
    after = last;
    any = true;
  }
}

const LIVE_LINKS = 5_000;

/**
 * Fields that differ and fields that are held, by object, as the store knows them now: an edit counts from the moment it
 * is known, also while its connection is paused. Past a bound of unsettled links the last sweep's count stands.
 */
export async function countDrift(deps: Deps): Promise<Awaited<ReturnType<typeof loadStandings>>> {
  const standings = await loadStandings(deps.db.sql);
  const links = await loadUnsettledLinks(deps.db.sql, LIVE_LINKS);
  if (links.length === LIVE_LINKS) return standings;
  const at = new Date(await readNow(deps.db.sql)).toISOString();
  const counts = new Map(
    standings.map((each) => [laneKey(each.connection, each.object), { ...each, drift: 0, held: 0, at }]),
  );
  await deps.db.sql.begin("isolation level repeatable read read only", async (tx) => {
    const batch = await openBatch(deps, tx, "");
    const emner = links.flatMap((link) =>
      link.entity === "kundeemne" && link.entityId !== null ? [link.entityId] : [],
    );
    const contacts = links.flatMap((link) =>
      link.entity === "kontaktperson" && link.entityId !== null ? [link.entityId] : [],
    );
    for (const [kind, ids] of [
      ["kundeemne", emner],
      ["kontaktperson", contacts],
    ] as const) {
      for (const [id, stored] of await loadEntities(tx, kind, ids)) batch.entities.set(id, slotOf(stored));
    }
    for (const stored of await loadContacts(tx, emner, false)) {
      const known = batch.contacts.get(stored.parentId ?? "") ?? [];
      batch.contacts.set(stored.parentId ?? "", [...known, slotOf(stored)]);
    }
    for (const link of links) {
      const lane = batch.lanes.get(laneKey(link.connection, link.object));
      const mapping = deps.mappingOf(link.connection, link.object);
      const slot = batch.entities.get(link.entityId ?? "");
      const count = counts.get(laneKey(link.connection, link.object));
      if (lane === undefined || mapping === undefined || slot === undefined || count === undefined) continue;
      const primary = mapping.hasView ? primaryOf(batch, slot.entity.id) : undefined;
      const owes = linkOwes(slot, primary, link, lane, mapping, batch.now);
      count.drift += owes.units.length;
      count.held += Object.values(owes.withheld).filter((reason) => reason === "held" || reason === "proposed").length;
    }
  });
  return [...counts.values()];
}
