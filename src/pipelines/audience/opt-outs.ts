import type { AudienceNotice, OptOut } from "../../connectors/audience.ts";
import { ConnectionError, KoblingError } from "../../lib/errors.ts";
import { consentAddress } from "../../rules/consent-address.ts";
import { readNow } from "../../store/clock.ts";
import { noteFault } from "../../store/connections.ts";
import { addOptOuts, endConsents, markOptedOut, readCursor, saveCursor } from "../../store/opt-outs.ts";
import type { Deps } from "../deps.ts";
import { asError } from "../each.ts";
import { stopConnection } from "../stop-connection.ts";
import { reconsider } from "./reconsider.ts";

export interface NotedOptOuts {
  /** Not known before. */
  readonly noted: number;
  readonly known: number;
  /** Places, from 0, of those whose address is none of its channel. */
  readonly unreadable: readonly number[];
}

/**
 * Somebody said no at a campaign tool. The consent of that address ends everywhere, every other tool is told to let it go,
 * and this tool is never handed that address again, whatever is said elsewhere later (rule R23). Told again it changes nothing.
 */
export async function noteOptOuts(deps: Deps, connection: string, said: readonly OptOut[]): Promise<NotedOptOuts> {
  const unreadable: number[] = [];
  const read = said.flatMap(({ address: text, isStanding = false, ...optOut }, place) => {
    const address = consentAddress(optOut.channel, text);
    if (address === null) unreadable.push(place);
    return address === null ? [] : [{ ...optOut, isStanding, address }];
  });
  if (read.length === 0) return { noted: 0, known: 0, unreadable };
  const fresh = await deps.db.sql.begin(async (tx) => {
    const added = await addOptOuts(tx, connection, read);
    await endConsents(tx, added, { source: connection, by: `connection:${connection}` });
    await markOptedOut(
      tx,
      connection,
      added.map(({ address }) => address),
    );
    return added;
  });
  if (fresh.length > 0) {
    const addresses = [...new Set(fresh.map(({ address }) => address))];
    await reconsider(deps, addresses);
    deps.log.info("audience.opted_out", { connection, noted: fresh.length });
  }
  return { noted: fresh.length, known: read.length - fresh.length, unreadable };
}

/**
 * A notice of a campaign tool. A signed one is believed; any other is but a hint to read what was said there. Throws
 * RejectedError `not_allowed` (the signature is not the tool's).
 */
export async function takeNotice(deps: Deps, connection: string, notice: AudienceNotice): Promise<void> {
  const { audience, settings } = deps.connectorOf(connection);
  const now = new Date(await readNow(deps.db.sql));
  const said = audience?.readNotice?.(settings.parse(deps.connection(connection).settings), notice, now) ?? "read";
  if (said === "read") await deps.queue.due("optOuts", connection);
  else await noteOptOuts(deps, connection, said);
}

/** Reads what was said at a tool since the last time. Gives how many were new. May run twice. */
export async function readOptOuts(deps: Deps, connection: string): Promise<number> {
  const { sql } = deps.db;
  const client = deps.audienceOf(connection);
  if (client.optOuts === undefined) return 0;
  let noted = 0;
  try {
    await deps.limits.call(connection, async () => {
      for await (const page of client.optOuts?.(await readCursor(sql, connection)) ?? []) {
        noted += (await noteOptOuts(deps, connection, page.optOuts)).noted;
        if (page.cursor !== null) await saveCursor(sql, connection, page.cursor);
      }
    });
  } catch (thrown) {
    const error = asError(thrown);
    if (!(error instanceof KoblingError)) throw error;
    deps.log.warn("audience.opt_outs_not_read", { connection, error });
    if (error instanceof ConnectionError)
      await stopConnection(sql, connection, error.code, new Date(await readNow(sql)).toISOString());
    else await noteFault(sql, connection, error.code);
  }
  return noted;
}
