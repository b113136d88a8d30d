import { chooseMatch } from "../../danish/match.ts";
import { RejectedError } from "../../lib/errors.ts";
import { accountOf, type ConversionTarget, isDocument } from "../../model/conversions.ts";
import { gateState } from "../../rules/gate.ts";
import { type AccountLink, findAccounts, findHolder, lockConversion, wish } from "../../store/conversions.ts";
import { markDue } from "../../store/deliveries.ts";
import { loadEntities, type StoredEntity } from "../../store/entities.ts";
import { loadLanes } from "../../store/lanes.ts";
import { freeGoneLinks } from "../../store/link-acts.ts";
import { removeBlocks } from "../../store/link-blocks.ts";
import { type UnknownCode, unknownCodesAt } from "../code-lists.ts";
import type { Actor, Deps } from "../deps.ts";
import { factsOf } from "../match-facts.ts";
import { candidatesFor } from "../matching.ts";
import { laneKey, openLanes } from "../world.ts";
import { type DocumentNeeds, documentData, documentNeedsOf, type Missing, missingFor } from "./requirements.ts";
import type { ConversionStanding } from "./standing.ts";
import type { ConversionWatch } from "./watch.ts";

export interface ConvertAct {
  readonly entityId: string;
  readonly to: ConversionTarget;
  readonly connection: string;
  /** Fields of a document, by the ledger's names. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Another one makes another document of the kind; an account is made once. */
  readonly reference?: string;
  /** How long to wait for the end, in ms; at most 30 s. */
  readonly waitMs?: number;
  readonly by: Actor;
}

/** What a conversion would do, or what it lacks. Nothing was written or sent. */
export interface ConversionPlan {
  readonly missing: readonly Missing[];
  /** The account that stands already; null: it would be matched at the ledger, else made. */
  readonly account: { readonly object: string; readonly externalId: string; readonly linkId: string } | null;
  /** Remote fields of the account that would be made. */
  readonly accountBody: Readonly<Record<string, unknown>> | null;
  /** Values that do not fit the ledger and would stay behind, with the reason, by field or group. */
  readonly withheld: Readonly<Record<string, string>>;
  readonly documentBody: Readonly<Record<string, unknown>> | null;
}

/** What `convert` would do. Throws what `convert` throws for a record or connection that cannot be converted at all. */
export async function planConversion(deps: Deps, act: ConvertAct): Promise<ConversionPlan> {
  const { entity, mapping, type } = await prepareConversion(deps, act);
  const object = accountOf(act.to);
  const link = await findLink(deps, act, object);
  const { values } = entity;
  const units = mapping.units
    .filter((unit) => unit.direction !== "in" && !unit.assignedByRemote && unit.view === undefined)
    .filter((unit) => unit.token || unit.keys.some((key) => values[key] !== null && values[key] !== undefined))
    .map((unit) => unit.unit);
  const written = mapping.writeRemote(values, units, null);
  const unknown = link === null ? await unknownCodesAt(deps, act.connection, object, values) : [];
  return {
    missing: [...missingFor(act.to, { values, mapping, type, given: act.data ?? {} }), ...unknown.map(asMissing)],
    account: link === null ? null : { object, externalId: link.externalId, linkId: link.id },
    accountBody: link === null ? written.body : null,
    withheld: Object.fromEntries(written.withheld.map(({ unit, code, detail }) => [unit, `${code}: ${detail}`])),
    documentBody: type === undefined ? null : documentData(type, values, act.data ?? {}),
  };
}

/**
 * Makes a record an account or a document of a ledger (S82–S88): its link is used where there is one, else what matches
 * at the ledger, else the account is made by the way of every create (rule R19). The wish is written down, so a crash
 * goes on where it was and a repeated call answers the same. Gives what is missing instead, all of it at once.
 *
 * Throws RejectedError `not_found` (record, connection, object), `document_not_taken`, `gone`, `record_closed` (archived,
 * restricted, erased), `not_released`, `exists` (another Kundeemne has the account of this company).
 */
export async function convert(
  deps: Deps,
  watch: ConversionWatch,
  act: ConvertAct,
): Promise<{ readonly missing: readonly Missing[] } | { readonly standing: ConversionStanding }> {
  const { entity, mapping, type } = await prepareConversion(deps, act);
  const { entityId, connection, to } = act;
  const object = accountOf(to);
  const given = act.data ?? {};
  const link = await findLink(deps, act, object);
  // Of an account that stands the codes are the ledger's own by now.
  const unknown = link === null ? await unknownCodesAt(deps, connection, object, entity.values) : [];
  const missing = [...missingFor(to, { values: entity.values, mapping, type, given }), ...unknown.map(asMissing)];
  if (missing.length > 0) return { missing };
  if (link === null) await assertNobodyElse(deps, entity, connection, object);
  const reference = isDocument(to) ? (act.reference ?? "") : "";
  const made = { entityId, connection, target: to, reference };
  const what = {
    data: type === undefined ? {} : documentData(type, entity.values, given),
    marker: type === undefined ? null : `KOB-${deps.newId()}`,
    by: act.by.name,
  };
  const create = {
    connection,
    object,
    linkId: null,
    entity: "kundeemne",
    entityId,
    kind: "create",
    changed: true,
  } as const;
  // Sent together; they are carried out one after the other.
  const conversion = await deps.db.sql.begin(async (tx) => {
    const locked = lockConversion(tx, entityId, connection);
    const wished = wish(tx, made, what);
    // A person converts: an account that was deleted, or unlinked, stands in the way no more (rule R25).
    const others =
      link === null
        ? [
            freeGoneLinks(tx, entityId, connection, object),
            removeBlocks(tx, connection, object, entityId),
            markDue(tx, [create]),
          ]
        : [];
    await Promise.all([locked, wished, ...others]);
    return await wished;
  });
  deps.log.info("conversion.wished", { conversionId: conversion.id, entityId, connection, to, by: act.by.name });
  await deps.queue.due("deliver", connection);
  return { standing: await watch.wait(conversion, act.waitMs ?? 0) };
}

const asMissing = ({ field, code }: UnknownCode): Missing => ({ field, code: "code_unknown", detail: code });

async function findLink(deps: Deps, { entityId, connection }: ConvertAct, object: string): Promise<AccountLink | null> {
  const [link] = await findAccounts(deps.db.sql, [{ entityId, connection, object }]);
  return link ?? null;
}

/** What a conversion needs to be begun at all. */
async function prepareConversion(deps: Deps, { entityId, connection, to }: ConvertAct) {
  const { sql } = deps.db;
  const object = accountOf(to);
  const entity = (await loadEntities(sql, "kundeemne", [entityId])).get(entityId);
  if (entity === undefined) throw new RejectedError("not_found", "There is no Kundeemne with this id");
  const { mergedInto } = entity.state;
  if (mergedInto !== null) throw new RejectedError("gone", "The record was merged", { context: { mergedInto } });
  const gate = gateState(entity, "out");
  if (!gate.allowed)
    throw new RejectedError("record_closed", `The record is ${gate.reason}: nothing of it is written anywhere`, {
      context: { reason: gate.reason },
    });
  const context = { connection, object };
  const lane = openLanes(deps, await loadLanes(sql)).get(laneKey(connection, object));
  const mapping = deps.mappingOf(connection, object);
  if (lane === undefined || mapping === undefined)
    throw new RejectedError("not_found", `The connection ${connection} has no object ${object}`, { context });
  if (!lane.outbound)
    throw new RejectedError("not_released", `Writing to ${object} of ${connection} is not released yet`, { context });
  const type = isDocument(to) ? documentNeedsFor(deps, connection, to) : undefined;
  return { entity, mapping, type };
}

function documentNeedsFor(deps: Deps, connection: string, to: ConversionTarget): DocumentNeeds {
  const taken = documentNeedsOf(deps, connection);
  const type = isDocument(to) ? taken[to] : undefined;
  if (type !== undefined) return type;
  throw new RejectedError("document_not_taken", `The connection ${connection} takes no ${to}`, {
    context: { field: "to", allowed: Object.keys(taken) },
  });
}

/** Another Kundeemne of the same company has the account: a second one would double it at the ledger (S88). */
async function assertNobodyElse(deps: Deps, entity: StoredEntity, connection: string, object: string): Promise<void> {
  const { sql } = deps.db;
  const ids = (await candidatesFor(sql, [{ values: entity.values, number: undefined }])).filter(
    (id) => id !== entity.id,
  );
  const others = await loadEntities(sql, "kundeemne", ids);
  const alike = chooseMatch(
    factsOf(entity.values),
    [...others.values()].map(({ id, values }) => ({ id, facts: factsOf(values) })),
  );
  if (alike.kind !== "one") return;
  const holder = await findHolder(sql, connection, object, [alike.id]);
  if (holder === undefined) return;
  const message = `Kundeemne ${holder.entityId} is the same company and has ${object} ${holder.externalId}; merge the two, or unlink it there`;
  throw new RejectedError("exists", message, { context: { ...holder } });
}
