import type { Exchange, FileAnswer, FileFault, FileRow, OutRow, WaitingFile } from "../connectors/connector.ts";
import { ConnectionError, RetryableError } from "../lib/errors.ts";
import { readNow } from "../store/clock.ts";
import {
  type FiledDelivery,
  findOutCreates,
  findOutFile,
  findPlanned,
  findUnfiled,
  loadFiled,
  markFile,
  noteTaken,
  planFile,
  unfile,
} from "../store/exchange.ts";
import { loadLanes } from "../store/lanes.ts";
import { loadImages } from "../store/links.ts";
import type { Pulled } from "../store/outbound.ts";
import { alert } from "../store/reviews.ts";
import { backpressure } from "./backpressure.ts";
import { iso } from "./batch.ts";
import type { Deps } from "./deps.ts";
import { handOutGuarded } from "./hand-out-guarded.ts";
import { type Receipt, takeReceipts } from "./receipts.ts";
import { type Envelope, receive } from "./receive.ts";
import { stopConnection } from "./stop-connection.ts";
import { isStopped, laneKey, openLanes } from "./world.ts";

const RECEIPTS_AT_ONCE = 500;
const ROWS_A_FILE = 500;

export interface Exchanged {
  /** Files that were taken in, answers that were taken, files that were written. */
  readonly taken: number;
  readonly answered: number;
  readonly written: number;
}

/**
 * Takes the files that a connection has left, in the order of what they say, with the answers to ours between them; then
 * writes what is owed. Each step may be repeated after a crash: a file that was read is read again and says nothing new, a
 * file of ours is planned before it is written and written again under the same name.
 */
export async function exchangeFiles(deps: Deps, connection: string): Promise<Exchanged> {
  const exchange = deps.exchangeOf(connection);
  try {
    const { files, answers, strangers } = await deps.limits.call(connection, () => exchange.look());
    if (strangers.length > 0) deps.log.warn("exchange.strangers", { connection, files: strangers.length });
    const waiting = [...files.map((file) => ({ file })), ...answers.map((answer) => ({ answer }))].sort(
      (a, b) => orderOf(a) - orderOf(b) || ("file" in a ? -1 : 1),
    );
    for (const each of waiting) {
      if ("file" in each) await takeFile(deps, connection, exchange, each.file);
      else await takeAnswer(deps, connection, exchange, each.answer);
    }
    const written = await writePlanned(deps, connection, exchange);
    return {
      taken: files.length,
      answered: answers.length,
      written: written + (await writeDue(deps, connection, exchange)),
    };
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    await stopConnection(deps.db.sql, connection, error.code, iso(await readNow(deps.db.sql)));
    return { taken: 0, answered: 0, written: 0 };
  }
}

type Waiting = { readonly file: WaitingFile } | { readonly answer: FileAnswer };
const orderOf = (each: Waiting): number => ("file" in each ? each.file.order : each.answer.order);

/** Keeps the rows, and answers the file; a row that cannot be read waits in quarantine and is named in the answer. */
async function takeFile(deps: Deps, connection: string, exchange: Exchange, file: WaitingFile): Promise<void> {
  const { object, name } = file;
  const mapping = deps.config.connections[connection]?.objects[object] && deps.mappingOf(connection, object);
  if (mapping === undefined) {
    await exchange.acknowledge(name, [{ line: 0, detail: `The object ${object} is not configured` }]);
    return;
  }
  const faults: FileFault[] = [];
  let count = 0;
  for await (const { rows, faults: unread } of exchange.read(file)) {
    const pressure = await backpressure(deps, connection);
    if (pressure !== null)
      throw new RetryableError(pressure.code, "There is no room for the rest of a file", {
        retryAfterMs: pressure.retryAfterMs,
      });
    faults.push(...unread);
    count += rows.length + unread.length;
    await settleMade(deps, connection, file, rows);
    const envelopes = rows.map(
      (row): Envelope => ({
        ...{ externalId: row.externalId, counter: file.order },
        ...(row.deleted ? { deleted: true } : { data: row.image }),
      }),
    );
    const { refused } = await receive(deps, { connection, object, via: "push" }, envelopes);
    for (const { index, detail } of refused) faults.push({ line: rows[index]?.line ?? 0, detail });
    for (const { line, image, deleted } of rows) {
      if (deleted) continue;
      for (const { remote, detail } of mapping.readRemote(image).faults) faults.push({ line, column: remote, detail });
    }
  }
  faults.sort((a, b) => a.line - b.line);
  await noteTaken(deps.db.sql, { connection, object, name }, { rows: count, faults: faults.length });
  await exchange.acknowledge(name, faults);
  deps.log.info("exchange.taken", { connection, object, rows: count, faults: faults.length });
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A row that names a record of ours for which a create is out is that create's receipt (rule R21). */
async function settleMade(deps: Deps, connection: string, file: WaitingFile, rows: readonly FileRow[]): Promise<void> {
  const { object, order } = file;
  const named = new Map(rows.flatMap((row) => (UUID.test(row.ourKey ?? "") ? [[row.ourKey ?? "", row]] : [])));
  const out = await findOutCreates(deps.db.sql, connection, object, [...named.keys()]);
  const receipts = out.flatMap(({ delivery, entityId }): Receipt[] => {
    const row = named.get(entityId);
    if (row === undefined || row.deleted) return [];
    return [{ delivery, outcome: "done", externalId: row.externalId, counter: order, image: row.image }];
  });
  await settle(deps, connection, object, receipts);
}

/** Receipts that were refused say why in the log: what they tell of is another's by now, and stays as it is. */
async function settle(deps: Deps, connection: string, object: string, receipts: readonly Receipt[]): Promise<void> {
  for (let at = 0; at < receipts.length; at += RECEIPTS_AT_ONCE) {
    const some = receipts.slice(at, at + RECEIPTS_AT_ONCE);
    const { refused } = await takeReceipts(deps, { connection, object }, some);
    for (const { index, code } of refused)
      deps.log.warn("exchange.receipt_refused", { connection, deliveryId: some[index]?.delivery ?? 0, code });
    await unfile(
      deps.db.sql,
      some.map(({ delivery }) => delivery),
    );
  }
}

async function takeAnswer(deps: Deps, connection: string, exchange: Exchange, answer: FileAnswer): Promise<void> {
  const { sql } = deps.db;
  const file = await findOutFile(sql, connection, answer.name);
  if (file === undefined) {
    deps.log.warn("exchange.answer_unasked", { connection });
    await exchange.clear(answer.name);
    return;
  }
  const whole = answer.faults.find(({ line }) => line === 0);
  const byLine = new Map(answer.faults.map((fault) => [fault.line, fault]));
  const receipts = (await loadFiled(sql, file.id)).flatMap((delivery): Receipt[] =>
    receiptOf(delivery, answer, whole, byLine.get(delivery.line)),
  );
  await settle(deps, connection, file.object, receipts);
  if (whole !== undefined) {
    const at = iso(await readNow(sql));
    await alert(sql, at, {
      connection,
      object: file.object,
      reason: "exchange:file_refused",
      detail: { name: file.name },
    });
  }
  await markFile(sql, file.id, "answered", answer.faults.length);
  await exchange.clear(answer.name);
}

/** Nothing for a create whose number was not told: the row that names our record brings it. */
function receiptOf(
  { id: delivery, kind, line }: FiledDelivery,
  { order, numbers }: FileAnswer,
  whole: FileFault | undefined,
  fault: FileFault | undefined,
): Receipt[] {
  if (whole !== undefined) return [{ delivery, outcome: "retry", reason: whole.detail }];
  if (fault !== undefined) {
    const at = fault.column === undefined ? "" : `${fault.column}: `;
    return [{ delivery, outcome: "rejected", reason: `${at}${fault.detail}` }];
  }
  if (kind !== "create") return [{ delivery, outcome: "done", counter: order }];
  const externalId = numbers.get(line);
  return externalId === undefined ? [] : [{ delivery, outcome: "done", externalId, counter: order }];
}

/** Files that a process planned before it died: written again as they were, unless the answer has come. */
async function writePlanned(deps: Deps, connection: string, exchange: Exchange): Promise<number> {
  const planned = await findPlanned(deps.db.sql, connection);
  for (const file of planned) {
    const filed = await loadFiled(deps.db.sql, file.id);
    const rows = await outRows(deps, filed, (delivery) => delivery.body ?? {});
    if (rows.length > 0) await exchange.put(file.name, file.object, rows);
    await markFile(deps.db.sql, file.id, "written");
  }
  return planned.length;
}

/** Writes what is owed, object by object, in files of rows with the same columns. */
async function writeDue(deps: Deps, connection: string, exchange: Exchange): Promise<number> {
  const { sql } = deps.db;
  let written = 0;
  for (const object of Object.keys(deps.connection(connection).objects)) {
    for (let after = 0; ; ) {
      const lane = openLanes(deps, await loadLanes(sql)).get(laneKey(connection, object));
      if (lane === undefined || !lane.outbound || lane.paused || lane.row.stopped) break;
      const found = await findUnfiled(sql, connection, object, after, ROWS_A_FILE);
      const last = found.at(-1);
      if (last === undefined) break;
      after = last.id;
      const byId = new Map(found.map((delivery) => [delivery.id, delivery]));
      const own = found.filter((delivery) => !isStopped(lane, delivery));
      const { handed, due, stopped } = await handOutGuarded(deps, connection, own);
      const given = handed.flatMap(({ delivery, kind, data }) => {
        const pulled = byId.get(delivery);
        return pulled === undefined ? [] : [{ ...pulled, kind, body: data }];
      });
      written += await writeRows(deps, connection, object, exchange, given);
      for (const name of due) if (name !== connection) await deps.queue.due("deliver", name);
      if (stopped) break;
    }
  }
  return written;
}

async function writeRows(
  deps: Deps,
  connection: string,
  object: string,
  exchange: Exchange,
  given: readonly (Pulled & { readonly body: Readonly<Record<string, unknown>> })[],
): Promise<number> {
  const rows = await outRows(deps, given, (delivery) => delivery.body);
  const refused: Receipt[] = [];
  const groups = new Map<string, { delivery: number; row: OutRow }[]>();
  for (const [at, row] of rows.entries()) {
    const delivery = given[at]?.id ?? 0;
    const fault = exchange.faultOf(object, row);
    if (fault !== undefined) {
      refused.push({ delivery, outcome: "rejected", reason: fault });
      continue;
    }
    const columns = JSON.stringify(exchange.columnsOf(object, row));
    groups.set(columns, [...(groups.get(columns) ?? []), { delivery, row }]);
  }
  await settle(deps, connection, object, refused);
  const now = new Date(await readNow(deps.db.sql));
  for (const group of groups.values()) {
    const lines = group.map(({ delivery }, at) => ({ delivery, line: exchange.lineOf(at) }));
    const nameOf = (id: number) => exchange.nameOf(object, now, id % 1_000);
    const plan = await planFile(deps.db.sql, { connection, object }, nameOf, lines);
    if (plan === undefined) continue;
    await exchange.put(
      plan.name,
      object,
      group.map(({ row }) => row),
    );
    await markFile(deps.db.sql, plan.id, "written");
    deps.log.info("exchange.written", { connection, object, rows: group.length });
  }
  return groups.size;
}

async function outRows<D extends Pulled>(
  deps: Deps,
  deliveries: readonly D[],
  bodyOf: (delivery: D) => Readonly<Record<string, unknown>>,
): Promise<OutRow[]> {
  const images = await loadImages(
    deps.db.sql,
    deliveries.flatMap(({ linkId }) => linkId ?? []),
  );
  return deliveries.map((delivery) => ({
    ourKey: delivery.entityId,
    externalId: delivery.kind === "create" ? null : delivery.externalId,
    body: bodyOf(delivery),
    image: images.get(delivery.linkId ?? "") ?? null,
  }));
}
