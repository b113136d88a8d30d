import { emailAddressKey } from "../../danish/email-domain.ts";
import { RejectedError } from "../../lib/errors.ts";
import { findAccountsAddresses } from "../../store/consents.ts";
import { addExport, endExport, findExport, logExported, type StoredExport } from "../../store/exports.ts";
import { readStamps } from "../../store/hand-over-batches.ts";
import { findSegment, pageMembers, type Segment } from "../../store/segments.ts";
import type { Delimiter } from "../../tables/csv.ts";
import { type ExportEncoding, type ExportFormat, type OutRow, writeTable } from "../../tables/write-table.ts";
import type { Actor, Deps } from "../deps.ts";
import { judgeAll } from "../judge-people.ts";
import { runSegment } from "../segments.ts";
import { cellsOf, exportFields } from "./export-fields.ts";
import { passedOn } from "./passed-on.ts";

const PAGE = 500;

export interface ExportAct {
  readonly segmentId: string;
  readonly format: ExportFormat;
  readonly encoding: ExportEncoding;
  readonly delimiter: Delimiter;
  readonly fields?: readonly string[];
  /** What for, and for whom: kept with who stands in it. */
  readonly why: string;
  readonly recipient: string;
  /** Where it is put; without it, it is given to whoever asks. */
  readonly connection?: string;
  readonly by: Actor;
}

export interface OpenedExport {
  readonly id: string;
  readonly fileName: string;
  /** Taken once; each page is logged before it is given. */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * Makes a file of a segment (S63). The segment is run first; the rule is asked page by page, and who goes into the file is
 * logged in the statement that asks once more. Throws RejectedError `not_found` (segment), `not_allowed` (fields).
 */
export async function openExport(deps: Deps, act: ExportAct): Promise<OpenedExport> {
  const { sql } = deps.db;
  const segment = await findSegment(sql, act.segmentId);
  if (segment === undefined) throw new RejectedError("not_found", "There is no segment with this id");
  const fields = exportFields(segment.level, segment.channel, act.fields);
  const id = deps.newId();
  const fileName = `segment-${id}.${act.format}`;
  await runSegment(deps, segment.id);
  await addExport(sql, {
    ...{ id, segmentId: segment.id, channel: segment.channel, purpose: segment.purpose, sender: segment.sender },
    ...{ why: act.why, recipient: act.recipient, format: act.format, encoding: act.encoding, fields, fileName },
    ...{ connection: act.connection ?? null, by: act.by.name },
  });
  deps.log.info("export.opened", { exportId: id, segmentId: segment.id, format: act.format, by: act.by.name });
  return { id, fileName, chunks: () => chunksOf(deps, id, segment, fields, act) };
}

/** Puts the file where a connection takes it, whole or not at all. Throws what the place throws, and `not_allowed` (to). */
export async function putExport(deps: Deps, act: ExportAct & { readonly connection: string }): Promise<StoredExport> {
  const places = Object.keys(deps.config.connections).filter((name) => deps.connectorOf(name).drop !== undefined);
  if (!places.includes(act.connection))
    throw new RejectedError("not_allowed", "This connection takes no files", {
      context: { field: "to", allowed: places },
    });
  const { id, fileName, chunks } = await openExport(deps, act);
  try {
    await deps.limits.call(act.connection, () => deps.dropOf(act.connection).put(fileName, chunks()));
  } catch (error) {
    await endExport(deps.db.sql, id, "failed", 0); // the place may not have asked for any of it
    throw error;
  }
  const stored = await findExport(deps.db.sql, id);
  if (stored === undefined) throw new Error("An export is not in its log");
  return stored;
}

async function* chunksOf(
  deps: Deps,
  id: string,
  segment: Segment,
  fields: readonly string[],
  { format, encoding, delimiter }: ExportAct,
): AsyncGenerator<Uint8Array> {
  let replaced = 0;
  let state: "done" | "failed" = "failed";
  try {
    yield* writeTable(rowsOf(deps, id, segment, fields), {
      ...{ format, encoding, delimiter, columns: fields },
      onReplaced: (characters) => {
        replaced += characters;
      },
    });
    state = "done";
  } finally {
    // Also where whoever takes it hangs up: what was given by then is logged.
    await endExport(deps.db.sql, id, state, replaced);
    deps.log.info("export.ended", { exportId: id, state, replaced });
  }
}

async function* rowsOf(deps: Deps, id: string, segment: Segment, fields: readonly string[]): AsyncGenerator<OutRow[]> {
  for (let after: string | null = null; ; ) {
    const page = await pageMembers(deps.db.sql, segment.id, after, PAGE);
    yield await exportPage(deps, id, segment, fields, page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.entityId;
  }
}

async function exportPage(
  deps: Deps,
  id: string,
  segment: Segment,
  fields: readonly string[],
  page: Awaited<ReturnType<typeof pageMembers>>,
): Promise<OutRow[]> {
  const { sql } = deps.db;
  // What the verdicts rest upon is read before they are asked for; facts of the address as soon as it is known.
  const before = await readStamps(sql, await addressed(deps, segment, page));
  const judged = await judgeAll(sql, deps, segment, page);
  const stamps = new Map(before.map((stamp) => [stamp.entityId, stamp]));
  const allowed = judged.filter(
    ({ verdict, address, entityId }) =>
      verdict.allowed && address !== null && stamps.get(entityId)?.address === address,
  );
  const given = await logExported(
    sql,
    id,
    allowed.flatMap(({ entityId, kundeemneId }) => {
      const stamp = stamps.get(entityId);
      return stamp === undefined ? [] : [{ ...stamp, entityId, kundeemneId }];
    }),
  );
  const out = allowed
    .filter(({ entityId }) => given.has(entityId))
    .map(({ entityId, whole }) => ({
      ...{ id: entityId, record: passedOn(deps, whole.record) },
      contact: whole.contact && passedOn(deps, whole.contact),
    }));
  // An accounts office's address stands in no file, in whatever field somebody has written it.
  const texts = out.flatMap(({ record, contact }) => Object.values({ ...record, ...contact })).filter(isAddress);
  const accounts = await findAccountsAddresses(sql, texts.map(emailAddressKey));
  const isKept = (text: string): boolean => !isAddress(text) || !accounts.has(emailAddressKey(text));
  return out.map(({ id: entityId, record, contact }) => ({
    id: entityId,
    cells: cellsOf(fields, record, contact, isKept),
    position: positionOf(record["gps.lat"], record["gps.lng"]),
  }));
}

/** Members with the address that they have now. */
async function addressed(deps: Deps, segment: Segment, page: Awaited<ReturnType<typeof pageMembers>>) {
  const judged = await judgeAll(deps.db.sql, deps, segment, page);
  return judged.flatMap(({ entityId, kundeemneId, address }) =>
    address === null ? [] : [{ entityId, kundeemneId, address }],
  );
}

const isAddress = (value: unknown): value is string =>
  typeof value === "string" && /^[^\s@]+@[^\s@]+$/.test(value.trim());

const positionOf = (lat: unknown, lng: unknown): OutRow["position"] =>
  typeof lat === "string" && typeof lng === "string" ? { lat: Number(lat), lng: Number(lng) } : null;
