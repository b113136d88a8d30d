import { RejectedError } from "../lib/errors.ts";
import { copenhagenDay } from "../lib/time.ts";
import { ANSWER_MONTHS, EXTENSION_MONTHS, monthsLater } from "../rules/due-date.ts";
import { readNow } from "../store/clock.ts";
import { loadEntities } from "../store/entities.ts";
import {
  addRequest,
  closeRequest,
  extendRequest,
  findRequest,
  type GdprRequest,
  type RequestKind,
} from "../store/gdpr-requests.ts";
import type { Actor, Deps } from "./deps.ts";
import { editEntity } from "./edit.ts";
import { erase } from "./erasure.ts";
import { restrict } from "./restriction.ts";

export interface NewGdprRequest {
  readonly kind: RequestKind;
  readonly kundeemneId: string;
  readonly kontaktpersonId?: string;
  /** A day; today in Copenhagen where it is left out. */
  readonly receivedOn?: string;
  readonly note?: string;
  readonly by: Actor;
}

/**
 * Notes what a registered person asks for, due one month after it came (GDPR art. 12(3)). Throws RejectedError `not_found`, `gone`,
 * `bad_value` (a day that is ahead).
 */
export async function openRequest(deps: Deps, act: NewGdprRequest): Promise<GdprRequest> {
  const { sql } = deps.db;
  const record = (await loadEntities(sql, "kundeemne", [act.kundeemneId])).get(act.kundeemneId);
  if (record === undefined)
    throw new RejectedError("not_found", "There is no kundeemne with this id", { context: { id: act.kundeemneId } });
  const { mergedInto, erased } = record.state;
  if (mergedInto !== null) throw new RejectedError("gone", "The record was merged", { context: { mergedInto } });
  if (erased) throw new RejectedError("gone", "The record was erased", { context: { id: act.kundeemneId } });
  if (act.kontaktpersonId !== undefined) {
    const contact = (await loadEntities(sql, "kontaktperson", [act.kontaktpersonId])).get(act.kontaktpersonId);
    if (contact === undefined || contact.parentId !== act.kundeemneId || contact.state.erased)
      throw new RejectedError("not_found", "The Kundeemne has no contact with this id", {
        context: { id: act.kontaktpersonId },
      });
  }
  const today = copenhagenDay(new Date(await readNow(sql)));
  const receivedOn = act.receivedOn ?? today;
  if (receivedOn > today)
    throw new RejectedError("bad_value", "A request cannot have come on a day that is ahead", {
      context: { field: "receivedOn", rule: "date" },
    });
  return addRequest(sql, {
    ...{ id: deps.newId(), kind: act.kind, kundeemneId: act.kundeemneId, kontaktpersonId: act.kontaktpersonId ?? null },
    ...{ receivedOn, dueOn: monthsLater(receivedOn, ANSWER_MONTHS), note: act.note ?? null, by: act.by.name },
  });
}

/** Two months more, once, told to the person with the reason. Throws RejectedError `not_found`, `conflict`. */
export async function extendGdprRequest(
  deps: Deps,
  act: { readonly id: string; readonly why: string },
): Promise<GdprRequest> {
  const request = await getRequest(deps, act.id);
  const dueOn = monthsLater(request.receivedOn, ANSWER_MONTHS + EXTENSION_MONTHS);
  return (await extendRequest(deps.db.sql, act.id, dueOn, act.why)) ?? over();
}

/**
 * Closes a request. `done` carries out what can be: erases, restricts, or notes the objection; the rest was done by a person. Done
 * twice, it is refused the second time, and nothing is done twice. Throws RejectedError `not_found`, `conflict`, and what the
 * act throws.
 */
export async function closeGdprRequest(
  deps: Deps,
  act: { readonly id: string; readonly state: "done" | "refused"; readonly outcome: string | null; readonly by: Actor },
): Promise<GdprRequest> {
  const request = await getRequest(deps, act.id);
  if (request.state !== "open") return over();
  const erasureId = act.state === "done" ? await carryOut(deps, request, act.by) : null;
  const end = { state: act.state, outcome: erasureId === null ? act.outcome : null, erasureId, by: act.by.name };
  return (await closeRequest(deps.db.sql, act.id, end)) ?? over();
}

/** Each may be done again after a crash and then changes nothing. */
async function carryOut(deps: Deps, request: GdprRequest, by: Actor): Promise<string | null> {
  const { kind, kundeemneId, kontaktpersonId } = request;
  switch (kind) {
    case "erasure": {
      const whom =
        kontaktpersonId === null
          ? ({ entity: "kundeemne", id: kundeemneId } as const)
          : ({ entity: "kontaktperson", id: kontaktpersonId } as const);
      return (await erase(deps, { ...whom, ground: "request", by })).id;
    }
    case "restriction":
      await restrict(deps, { id: kundeemneId, reason: "GDPR art. 18", by });
      return null;
    case "objection":
      await editEntity(deps, { entity: "kundeemne", id: kundeemneId, patch: { indsigelse: request.receivedOn }, by });
      return null;
    default:
      return null;
  }
}

async function getRequest(deps: Deps, id: string): Promise<GdprRequest> {
  const request = await findRequest(deps.db.sql, id);
  if (request === undefined) throw new RejectedError("not_found", "There is no such request", { context: { id } });
  return request;
}

function over(): never {
  throw new RejectedError("conflict", "The request is closed, or was extended before");
}
