import { isShort, spread } from "../rules/absence.ts";
import { countListed, endShort, findMissing, markMissing, noteShort } from "../store/absence.ts";
import { readNow } from "../store/clock.ts";
import type { Db } from "../store/database.ts";
import { alert } from "../store/reviews.ts";
import { confirmGone } from "./absence.ts";
import { iso } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { eachAtOnce } from "./each.ts";

/** Suspects of one listing that are asked whether they were renumbered; more at once is another kind of trouble. */
const MOST_ASKED = 200;
/** Of a short listing so many of the missing are asked for before any absence is believed. */
const PROBED = 20;

/**
 * What a whole listing missed is suspected; a second one begun later, and the remote's own word by id, settle it. A
 * listing that is suddenly short counts for nothing until it was made again and a sample of what it misses is unknown by
 * id as well (rule R9). What then is gone is counted by the guards (rule R30).
 */
export async function judgeMissing(
  deps: Deps,
  connection: string,
  object: string,
  runId: number,
  began: number,
): Promise<void> {
  const { sql } = deps.db;
  const { first, second, suspects } = await findMissing(sql, connection, object, runId, iso(began));
  const missing = [...second, ...suspects];
  const short = await suspectShort(deps, sql, { connection, object, began, missing: missing.length });
  if (short === "first") return;
  if (short === "again") {
    if (!(await areUnknown(deps, connection, object, spread(missing, PROBED)))) return;
    await endShort(sql, connection, object);
    await markMissing(sql, first, iso(began));
    return confirmGone(deps, connection, object, missing, runId);
  }
  if (first.length > 0) await markMissing(sql, first, iso(began));
  // A renumbered object stands in this same listing under its new number: asked for before that is taken for a stranger.
  await confirmGone(deps, connection, object, suspects.slice(0, MOST_ASKED), runId, "replaced");
  if (second.length === 0) return;
  await confirmGone(deps, connection, object, second, runId);
}

/** Is the listing suddenly short, for the first time or again? The first time its owner is told; a whole one ends it. */
export async function suspectShort(
  deps: Deps,
  sql: Db,
  listing: { connection: string; object: string; began: number; missing: number },
): Promise<"first" | "again" | "no"> {
  const { connection, object, began, missing } = listing;
  // Few are never short: nothing is counted for them.
  const linked = isShort(0, missing) ? await countListed(sql, connection, object, iso(began)) : 0;
  if (!isShort(linked, missing)) {
    await endShort(sql, connection, object);
    return "no";
  }
  if (await noteShort(sql, connection, object, iso(began))) return "again";
  const at = iso(await readNow(sql));
  await alert(sql, at, { connection, object, reason: "R9:short_listing", detail: { linked, missing } });
  deps.log.warn("listing.short", { connection, object, linked, missing });
  return "first";
}

/** Does the remote know none of these? One that is there, or that cannot be asked for, says that the listing lies. */
async function areUnknown(
  deps: Deps,
  connection: string,
  object: string,
  externalIds: readonly string[],
): Promise<boolean> {
  const client = deps.clientOf(connection);
  let there = 0;
  await eachAtOnce(
    deps,
    connection,
    externalIds,
    async (externalId) => {
      if (!("gone" in (await client.get(object, externalId)))) there += 1;
    },
    (externalId, error) => {
      there += 1;
      deps.log.warn("absence.not_confirmed", { connection, object, externalId, error });
    },
  );
  if (there > 0) deps.log.warn("listing.incomplete", { connection, object, asked: externalIds.length, there });
  return there === 0;
}
