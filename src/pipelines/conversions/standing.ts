import { accountOf, isDocument } from "../../model/conversions.ts";
import { type Conversion, endWish, findAccount } from "../../store/conversions.ts";
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
 * Where a conversion stands. Of an account the link and the delivery tell, so nothing can disagree with them; a fulfilled
 * wish is ended here, and allows no second create.
 */
export async function standingOf(sql: Db, conversion: Conversion): Promise<ConversionStanding> {
  const { id, entityId, connection, target: to, reference, by, createdAt } = conversion;
  const object = accountOf(to);
  const { link, delivery } = await findAccount(sql, entityId, connection, object);
  const account = link === null ? null : { object, externalId: link.externalId, linkId: link.id };
  const shared = { id, entityId, to, connection, reference, by, createdAt, account };
  const own = { reason: conversion.reason, externalId: conversion.externalId, doneAt: conversion.doneAt };
  if (conversion.state !== "open" && (isDocument(to) || link === null))
    return { ...shared, ...own, state: conversion.state };
  if (!isDocument(to) && link !== null) {
    const doneAt = conversion.state === "done" ? conversion.doneAt : await endWish(sql, id, link.externalId);
    return { ...shared, state: "done", reason: null, externalId: link.externalId, doneAt };
  }
  // A document with its account: the worker that makes documents tells.
  if (link !== null) return { ...shared, ...own, state: conversion.reason === null ? "running" : "waiting" };
  const { state, reason } = stateOf(delivery);
  return { ...shared, ...own, state, reason };
}

function stateOf(delivery: { state: string; reason: string | null } | null): {
  state: ConversionStanding["state"];
  reason: string | null;
} {
  switch (delivery?.state) {
    case "withheld":
      return { state: "waiting", reason: delivery.reason };
    case "rejected":
    case "withdrawn":
      return { state: "failed", reason: delivery.reason };
    case "uncertain":
      return { state: "running", reason: delivery.reason ?? "uncertain" };
    default:
      return { state: "running", reason: delivery?.reason ?? null };
  }
}
