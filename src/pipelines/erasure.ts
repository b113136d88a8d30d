import { RejectedError } from "../lib/errors.ts";
import { copenhagenDay } from "../lib/time.ts";
import { catalogueOf } from "../model/catalogue.ts";
import { consentAddress } from "../rules/consent-address.ts";
import { keepUntil } from "../rules/keep-until.ts";
import { addAuditEntry } from "../store/audit.ts";
import { readNow } from "../store/clock.ts";
import { hashedAddress } from "../store/consents.ts";
import type { Tx } from "../store/database.ts";
import { loadEntities } from "../store/entities.ts";
import { blankRecords, eraseRows, hashAddresses, strikeOut, valuesOf } from "../store/erase-rows.ts";
import { addressesOf, findRemotes, type PersonFacts, readPersonFacts, takeForErasing } from "../store/erasing.ts";
import { addErasure, type Erasure, findErasure, findErasureOf, type Receipt, setReceipts } from "../store/erasures.ts";
import { appendHistory } from "../store/history.ts";
import { forgetAnswers } from "../store/idempotency.ts";
import { markSharersOfAccounts } from "../store/segment-marks.ts";
import { addTombstones, type Tombstone, tombstoneOf } from "../store/tombstones.ts";
import { sealAudit } from "./audit.ts";
import { iso } from "./batch.ts";
import { addressTombstone, cvrTombstone, leadTombstone } from "./buried.ts";
import type { Actor, Deps } from "./deps.ts";
import { actorSetter } from "./edit.ts";

export type ErasureGround = "request" | "objection" | "retention" | "unlawful";

export interface EraseAct {
  readonly entity: "kundeemne" | "kontaktperson";
  readonly id: string;
  readonly ground: ErasureGround;
  /** Shows what would be erased, kept and left to do; nothing is done. */
  readonly dryRun?: boolean;
  /** Of an erasure that a restored backup has forgotten. */
  readonly erasureId?: string;
  readonly by: Actor;
}

interface Logged extends Pick<EraseAct, "entity" | "ground"> {
  readonly id: string;
  readonly entityId: string;
  readonly tombstones: readonly Tombstone[];
}

/** Leaves a transaction without a trace. */
class Previewed extends Error {
  readonly erasure: Erasure;
  constructor(erasure: Erasure) {
    super("Previewed");
    this.erasure = erasure;
  }
}

/**
 * Erases a Kundeemne with whatever was merged into it and its contacts, or a contact alone (rule R34; GDPR art. 17): ids stay as
 * tombstones, every value goes from every table, and what would bring the person back is known by keyed hashes. What other systems
 * keep is told in receipts, with the day until which the law has it kept. Erased already: gives that erasure. Throws RejectedError
 * `not_found`, `gone` (merged: erase the record that it went into).
 */
export async function erase(deps: Deps, act: EraseAct): Promise<Erasure> {
  const { sql } = deps.db;
  const earlier = await findErasureOf(sql, act.id);
  if (earlier !== undefined) return earlier;
  const record = (await loadEntities(sql, act.entity, [act.id])).get(act.id);
  const mergedInto = record?.state.mergedInto ?? null;
  if (mergedInto !== null)
    throw new RejectedError("gone", "The record was merged into another", { context: { mergedInto } });
  // What was written until now is sealed with its salts, which go with the person.
  if (act.dryRun !== true) await sealAudit(deps);
  try {
    const erasure = await sql.begin(async (tx) => {
      const { erasure: made, tombstones } = await eraseWithin(deps, tx, act);
      if (act.dryRun === true) throw new Previewed(made);
      const { id, at } = made;
      await deps.erasureLog?.append(
        JSON.stringify({ id, entity: act.entity, entityId: act.id, ground: act.ground, at, tombstones }),
      );
      return made;
    });
    deps.log.info("record.erased", { entityId: act.id, erasureId: erasure.id, by: act.by.name });
    return erasure;
  } catch (error) {
    if (error instanceof Previewed) return error.erasure;
    throw error;
  }
}

const columnsOf = (entity: "kundeemne" | "kontaktperson", more: readonly string[]): string[] => {
  const catalogue = catalogueOf(entity);
  const own = Object.entries(catalogue.fields).flatMap(([key, field]) =>
    field.virtual ? [] : [catalogue.columnOf.get(key) ?? key],
  );
  return [...own, ...more];
};
const COLUMNS = {
  kundeemner: columnsOf("kundeemne", []),
  kontaktpersoner: columnsOf("kontaktperson", []),
};
const BLANKED = {
  kundeemner: columnsOf("kundeemne", ["match_key", "name_key", "domain_keys", "naeste_akt", "orphaned_at"]),
  kontaktpersoner: columnsOf("kontaktperson", ["email_key"]),
};

async function eraseWithin(
  deps: Deps,
  tx: Tx,
  act: EraseAct,
): Promise<{ erasure: Erasure; tombstones: readonly Tombstone[] }> {
  const { seal } = deps;
  const ids = await takeForErasing(tx, act.entity, act.id);
  if (ids.length === 0)
    throw new RejectedError("not_found", `There is no ${act.entity} with this id`, { context: { id: act.id } });
  const now = await readNow(tx);
  const facts = await readPersonFacts(tx);
  const patterns = patternsOf(facts);
  const remotes = await findRemotes(tx, patterns);
  const addresses = await addressesOf(tx);
  const values = await valuesOf(tx, COLUMNS);
  const receipts = [
    ...remotes.filter(({ linked }) => linked).map((remote) => receiptOf(deps, remote, now)),
    ...(await viewReceipts(deps, tx)),
    ...(await audienceReceipts(deps, tx)),
    ...(await fileReceipts(deps, tx)),
  ];
  const tombstones = await bury(deps, tx, act.id, remotes, facts);
  const struck = await strikeOut(tx, patterns, values);
  await markSharersOfAccounts(tx);
  // Salts are made as the log is sealed: how many there are, says nothing.
  const { audit_salts: _, ...counts } = await eraseRows(tx, patterns);
  for (const [table, count] of Object.entries(struck)) counts[table] = (counts[table] ?? 0) + count;
  await hashAddresses(tx, new Map(addresses.map((address) => [address, hashedAddress(seal, address)])));
  const speaks = [...ids, ...facts.emails];
  counts.idempotency_keys = await forgetAnswers(tx, seal.open, (answer) =>
    speaks.some((each) => answer.includes(each)),
  );
  const blanked = await blankRecords(tx, BLANKED);
  counts.kundeemner = blanked.filter(({ entity }) => entity === "kundeemne").length;
  counts.kontaktpersoner = blanked.filter(({ entity }) => entity === "kontaktperson").length;
  const by = actorSetter(act.by, now);
  await appendHistory(
    tx,
    iso(now),
    blanked.map(({ id, entity, version }) => ({
      ...{ entityId: id, entity, version, kind: "erased", by, changeId: null, runId: null },
      ...{ mappingVersion: null, fields: {} },
    })),
  );
  for (const target of ids)
    await addAuditEntry(tx, {
      ...{ kind: "erasure", keyId: null, actor: act.by.name, action: `erase ${act.entity}`, target },
      ...{ traceId: null, status: 200, items: 1 },
    });
  const erasure = await addErasure(tx, {
    ...{ id: act.erasureId ?? deps.newId(), entity: act.entity, entityId: act.id, entityIds: ids },
    ...{ ground: act.ground, by: act.by.name, counts, receipts },
  });
  return { erasure, tombstones };
}

/** How the person's addresses stand in bodies and texts. Two digits of a number in a row mean nobody: numbers are quoted. */
function patternsOf({ emails, phones, cvr }: PersonFacts): string[] {
  const plain = (text: string): string => text.replace(/[\\%_]/g, "\\$&");
  const quoted = [...phones, ...cvr].flatMap((number) => {
    const digits = number.replace(/^\+45/, "");
    const spaced = digits.length === 8 ? [digits.replace(/(..)(?=.)/g, "$1 ")] : [];
    return [number, digits, ...spaced].map((text) => `%"${plain(text)}"%`);
  });
  return [...emails.map((email) => `%${plain(email)}%`), ...quoted];
}

const BOOKS = new Set(["debitor", "kreditor"]);

function receiptOf(
  deps: Deps,
  { connection, object, externalId }: { connection: string; object: string; externalId: string },
  now: number,
): Receipt {
  const side = deps.config.connections[connection]?.objects[object]?.side;
  const isBooks = side === "ledger" && BOOKS.has(object);
  return {
    ...{ connection, object, sealedId: deps.seal.seal(externalId), doneAt: null, doneBy: null },
    ...(isBooks
      ? {
          state: "kept",
          why: "bookkeeping",
          keepUntil: keepUntil(copenhagenDay(new Date(now)), deps.config.gdpr.financialYearEnds),
        }
      : { state: "open", why: "not_ours_to_erase", keepUntil: null }),
  };
}

/** Accounts of a Kundeemne that goes on, which show an erased contact flat: emptied there by hand, they are empty here (rule R29). */
async function viewReceipts(deps: Deps, tx: Tx): Promise<Receipt[]> {
  const rows = await tx.unsafe(
    `select connection, object, external_id from links where view_of in (select id from erasing) and entity_id not in (select id from erasing)
     and state in ('linked', 'extra') order by 1, 2, 3`,
  );
  return rows.map((row) => ({
    ...{ connection: String(row.connection), object: String(row.object) },
    sealedId: deps.seal.seal(String(row.external_id)),
    ...{ state: "open", why: "not_ours_to_erase", keepUntil: null, doneAt: null, doneBy: null },
  }));
}

/** Campaign tools that have the person's address are told by the usual hand-over to remove it. */
async function audienceReceipts(deps: Deps, tx: Tx): Promise<Receipt[]> {
  const rows = await tx.unsafe(
    `select distinct connection, address from hand_overs where (entity_id in (select id from erasing) or kundeemne_id in (select id from erasing)) and has <> 'no'`,
  );
  return rows.map((row) => ({
    ...{ connection: String(row.connection), object: "audience", sealedId: deps.seal.seal(String(row.address)) },
    ...{ state: "told", why: "audience", keepUntil: null, doneAt: null, doneBy: null },
  }));
}

/** Files that the person stands in and that were handed out: whoever has one is to be told. */
async function fileReceipts(deps: Deps, tx: Tx): Promise<Receipt[]> {
  const rows = await tx.unsafe(
    `select distinct coalesce(e.connection, 'download') as connection, e.file_name, e.recipient from exports e join export_records r on r.export_id = e.id
     where r.entity_id in (select id from erasing) or r.kundeemne_id in (select id from erasing)`,
  );
  return rows.map((row) => ({
    ...{ connection: String(row.connection), object: "file" },
    sealedId: deps.seal.seal(`${row.file_name} (${row.recipient})`),
    ...{ state: "open", why: "file", keepUntil: null, doneAt: null, doneBy: null },
  }));
}

/** What the person would come back by: objects, addresses, numbers, the same lead sent again. */
async function bury(
  deps: Deps,
  tx: Tx,
  entityId: string,
  remotes: readonly { connection: string; object: string; externalId: string }[],
  { emails, phones, cvr }: PersonFacts,
): Promise<readonly Tombstone[]> {
  const { seal } = deps;
  const leads = await tx.unsafe(
    "select kilde, submission_id from leads where kundeemne_id in (select id from erasing) or kontaktperson_id in (select id from erasing)",
  );
  const own = [
    ...emails.map((email) => consentAddress("email", email)),
    ...phones.map((phone) => consentAddress("phone", phone)),
  ].flatMap((address) => address ?? []);
  const of = (kind: string, hashes: readonly string[]) => hashes.map((hash) => ({ hash, kind, entityId }));
  const tombstones = [
    ...of(
      "external_id",
      remotes.map((each) => tombstoneOf(seal, each.connection, each.object, each.externalId)),
    ),
    ...of(
      "address",
      own.map((address) => addressTombstone(seal, address)),
    ),
    ...of(
      "cvr",
      cvr.map((number) => cvrTombstone(seal, number)),
    ),
    ...of(
      "lead",
      leads.map((row) => leadTombstone(seal, String(row.kilde), String(row.submission_id))),
    ),
  ];
  await addTombstones(tx, tombstones);
  return tombstones;
}

/**
 * Somebody has erased the person in another system, or its time is over: the receipt is done, and what named the person there
 * goes. Throws RejectedError `not_found`, `too_early` (the law has it kept until a day that has not come).
 */
export async function confirmReceipt(
  deps: Deps,
  act: { readonly id: string; readonly receipt: number; readonly by: Actor },
): Promise<Erasure> {
  return deps.db.sql.begin(async (tx) => {
    const erasure = await findErasure(tx, act.id, true);
    const receipt = erasure?.receipts[act.receipt - 1];
    if (erasure === undefined || receipt === undefined)
      throw new RejectedError("not_found", "There is no such receipt", { context: { id: act.id } });
    if (receipt.state === "done") return erasure;
    const now = await readNow(tx);
    const done = { ...receipt, state: "done" as const, sealedId: null, doneAt: iso(now), doneBy: act.by.name };
    const receipts = erasure.receipts.map((each, n) => (n === act.receipt - 1 ? done : each));
    await setReceipts(tx, act.id, receipts);
    return { ...erasure, receipts };
  });
}

/** Erases again what was erased after the backup that this database comes from (rule R34). Before anything is sent. Gives how many. */
export async function replayErasures(deps: Deps): Promise<number> {
  let again = 0;
  for (const line of (await deps.erasureLog?.read()) ?? []) {
    const { id, entity, entityId, ground, tombstones } = JSON.parse(line) as Logged; // as `erase` wrote it
    if ((await findErasure(deps.db.sql, id)) !== undefined) continue;
    // The record may be younger than the backup: its systems would send it again.
    await addTombstones(deps.db.sql, tombstones);
    if ((await loadEntities(deps.db.sql, entity, [entityId])).size === 0) continue;
    await erase(deps, { entity, id: entityId, ground, erasureId: id, by: { kind: "system", name: "kobling" } });
    again += 1;
  }
  if (again > 0) deps.log.warn("erasures.replayed", { count: again });
  return again;
}
