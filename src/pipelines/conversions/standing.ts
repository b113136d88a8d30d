import { accountOf, isDocument } from "../../model/conversions.ts";
import {
  type AccountKey,
  type AccountLink,
  type Conversion,
  type CreateStanding,
  endWishes,
  findAccounts,
  findCreates,
} from "../../store/conversions.ts";
import type { Db } from "../../store/database.ts";

export interface ConversionStanding {
  readonly id: number;
  readonly entityId: string;
  readonly to: Conversion["target"];
  readonly connection: string;
  readonly reference: string;
  /** `running`: a worker is at it; `waiting`: something must happen first, `reason` says what; `failed`: say it again. */
  readonly state: "done" | "running" | "waiting" | "failed";
  readonly reason: string | null;
  /** What was made, or linked: the account's number, or the document's. */
  readonly externalId: string | null;
  /** The debitor or kreditor that it is, or stands on. */
  readonly account: { readonly object: string; readonly externalId: string; readonly linkId: string } | null;
  readonly by: string;
  readonly createdAt: string;
  readonly doneAt: string | null;
}

/**
 * Where conversions stand, in their order. Of an account the link and the delivery tell, so nothing can disagree with them;
 * a fulfilled wish is ended here, and allows no second create.
 */
export async function standingsOf(sql: Db, conversions: readonly Conversion[]): Promise<ConversionStanding[]> {
  const links = await findAccounts(sql, conversions.map(keyOf));
  const made = conversions.filter(({ target, state }, at) => links[at] && state !== "done" && !isDocument(target));
  const linkOf = new Map(conversions.map(({ id }, at) => [id, links[at] ?? null]));
  const ended = await endWishes(
    sql,
    made.map(({ id }) => ({ id, externalId: linkOf.get(id)?.externalId ?? "" })),
  );
  const open = conversions.filter(({ id, state }) => state === "open" && linkOf.get(id) === null);
  const creates = await findCreates(sql, open.map(keyOf));
  const createOf = new Map(open.map(({ id }, at) => [id, creates[at] ?? null]));
  return conversions.map((each) =>
    standing(each, linkOf.get(each.id) ?? null, createOf.get(each.id) ?? null, ended.get(each.id)),
  );
}

const keyOf = ({ entityId, connection, target }: Conversion): AccountKey => ({
  ...{ entityId, connection },
  object: accountOf(target),
});

function standing(
  conversion: Conversion,
  link: AccountLink | null,
  create: CreateStanding | null,
  endedAt: string | undefined,
): ConversionStanding {
  const { id, entityId, connection, target: to, reference, by, createdAt } = conversion;
  const account = link === null ? null : { object: accountOf(to), externalId: link.externalId, linkId: link.id };
  const shared = { id, entityId, to, connection, reference, by, createdAt, account };
  const own = { reason: conversion.reason, externalId: conversion.externalId, doneAt: conversion.doneAt };
  if (conversion.state !== "open" && (isDocument(to) || link === null))
    return { ...shared, ...own, state: conversion.state };
  if (!isDocument(to) && link !== null) {
    const doneAt = endedAt ?? conversion.doneAt;
    return { ...shared, state: "done", reason: null, externalId: link.externalId, doneAt };
  }
  // A document with its account: the worker that makes documents tells.
  if (link !== null) return { ...shared, ...own, state: conversion.reason === null ? "running" : "waiting" };
  return { ...shared, ...own, ...stateOf(create) };
}

function stateOf(create: CreateStanding | null): {
  state: ConversionStanding["state"];
  reason: string | null;
} {
  switch (create?.state) {
    case "withheld":
      return { state: "waiting", reason: create.reason };
    case "rejected":
    case "withdrawn":
      return { state: "failed", reason: create.reason };
    case "uncertain":
      return { state: "running", reason: create.reason ?? "uncertain" };
    default:
      return { state: "running", reason: create?.reason ?? null };
  }
}
