import type { EntityKind } from "../model/catalogue.ts";
import { markDue } from "../store/deliveries.ts";
import { firstId, oldestOpen, pageLinks, setStanding, unlinkedRecords } from "../store/standing.ts";
import { disagreementOf, isHeld } from "./agreement.ts";
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
  /** Two-way fields among all that differ for now. */
  readonly differing: number;
  /** Since when the oldest of them does so. */
  readonly oldest: string | null;
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
  const total = { links: 0, drift: 0, held: 0, differing: 0, withheld: 0, oneWay: 0, ignored: 0 };
  let oldest: string | null = null;
  if (mapping === undefined) return { ...total, oldest };
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
      const apart: string[] = [];
      for (const link of links) {
        const slot = batch.entities.get(link.entityId ?? "");
        if (slot === undefined || lane === undefined) continue;
        total.links += 1;
        const primary = mapping.hasView ? primaryOf(batch, slot.entity.id) : undefined;
        const owes = linkOwes(slot, primary, link, lane, mapping, batch.now);
        const { drift, held, differing } = disagreementOf(owes, mapping);
        total.drift += drift;
        total.held += held;
        total.differing += differing;
        total.withheld += Object.values(owes.withheld).filter((reason) => !isHeld(reason)).length;
        if (drift + held + differing > 0) apart.push(link.id);
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
      return { last: links.at(-1)?.id ?? "", owing: owing.length, oldest: await oldestOpen(tx, apart) };
    });
    if (page === undefined) break;
    after = page.last;
    due ||= page.owing > 0;
    if (page.oldest !== null && (oldest === null || page.oldest < oldest)) oldest = page.oldest;
  }
  due = (await dueCreates(deps, connection, object)) || due;
  await setStanding(deps.db.sql, connection, object, { ...total, oldest });
  if (due) await deps.queue.due("deliver", connection);
  return { ...total, oldest };
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
