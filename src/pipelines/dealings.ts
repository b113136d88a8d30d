import { RejectedError, StaleError } from "../lib/errors.ts";
import type { Values } from "../model/catalogue.ts";
import { type DealingKind, dealings } from "../model/dealings.ts";
import type { Dealing } from "../store/dealings.ts";
import { deleteDealing, findDealing, insertDealing, isContactOf, updateDealing } from "../store/dealings.ts";
import { type Batch, iso } from "./batch.ts";
import { addUp } from "./dealing-sums.ts";
import type { Actor, Deps } from "./deps.ts";
import { actorSetter, inBatch, takeForEdit } from "./edit.ts";

/** What is done to an aktivitet, opgave, tilbud or note. Values are checked already. */
export type DealingAct = { readonly kind: DealingKind; readonly by: Actor } & (
  | { readonly does: "add"; readonly kundeemneId: string; readonly values: Values }
  | { readonly does: "change"; readonly id: string; readonly patch: Values; readonly ifVersion?: number }
  | { readonly does: "remove"; readonly id: string; readonly ifVersion?: number }
);

/**
 * Adds, changes or removes a dealing of a Kundeemne. What adds up from its dealings follows in the same transaction, and
 * the record has a new version whose history names the dealing. Throws RejectedError `not_found`, `gone`, `bad_value`
 * (a contact of another emne), StaleError `version_moved`.
 */
export async function changeDealing(deps: Deps, act: DealingAct): Promise<{ id: string; version: number }> {
  return inBatch(deps, async (batch) => {
    const known = act.does === "add" ? undefined : await getDealing(batch, act.kind, act.id, false);
    const kundeemneId = act.does === "add" ? act.kundeemneId : (known?.kundeemneId ?? "");
    if (known !== undefined && known.source !== null)
      throw new RejectedError(
        "read_only",
        `The ${dealings[act.kind].one} is kept by ${known.source.connection}: change it there`,
        {
          context: { id: known.id, connection: known.source.connection },
        },
      );
    const slot = await takeForEdit(batch, "kundeemne", kundeemneId, undefined);
    const id = act.does === "add" ? deps.newId() : act.id;
    // Read again: the row may have changed until its emne was locked.
    const before = act.does === "add" ? undefined : await getDealing(batch, act.kind, id, true);
    if (before !== undefined && "ifVersion" in act && act.ifVersion !== undefined && act.ifVersion !== before.version)
      throw new StaleError("version_moved", `The ${dealings[act.kind].one} has another version by now`, {
        context: { version: before.version },
      });
    const after = await carryOut(batch, act, id, kundeemneId, before);
    if (after !== undefined && after === before) return { id, version: before.version };
    await addUp(batch, [slot], {
      by: actorSetter(act.by, batch.now),
      kind: `${dealings[act.kind].one}_${{ add: "added", change: "changed", remove: "removed" }[act.does]}`,
      fields: { [act.kind]: [before === undefined ? null : id, after === undefined ? null : id] },
    });
    return { id, version: after?.version ?? 0 };
  });
}

/** The row as the act leaves it; undefined: it is gone. The same row: nothing was changed. */
async function carryOut(
  batch: Batch,
  act: DealingAct,
  id: string,
  kundeemneId: string,
  before: Dealing | undefined,
): Promise<Dealing | undefined> {
  const { tx } = batch;
  const at = iso(batch.now);
  if (act.does === "remove") {
    await deleteDealing(tx, act.kind, id);
    return undefined;
  }
  const written = act.does === "add" ? act.values : act.patch;
  const contactId = written.kontaktpersonId;
  if (typeof contactId === "string" && !(await isContactOf(tx, contactId, kundeemneId)))
    throw new RejectedError("bad_value", "kontaktpersonId must be a contact of this emne", {
      context: { field: "kontaktpersonId", rule: "contact" },
    });
  if (before === undefined) {
    const own: Values = act.kind === "noter" ? { ...written, forfatter: act.by.name } : written;
    const made = {
      id,
      kundeemneId,
      version: 1,
      createdAt: at,
      updatedAt: at,
      createdBy: act.by.name,
      values: own,
      source: null,
    };
    await insertDealing(tx, act.kind, { ...made, updatedBy: act.by.name });
    return { ...made, updatedBy: act.by.name };
  }
  if (Object.entries(written).every(([field, value]) => sameText(before.values[field] ?? null, value))) return before;
  const changed = {
    ...before,
    version: before.version + 1,
    updatedAt: at,
    updatedBy: act.by.name,
    values: { ...before.values, ...written },
  };
  await updateDealing(tx, act.kind, changed);
  return changed;
}

const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

async function getDealing(batch: Batch, kind: DealingKind, id: string, lock: boolean): Promise<Dealing> {
  const found = await findDealing(batch.tx, kind, id, { lock });
  if (found === undefined)
    throw new RejectedError("not_found", `There is no ${dealings[kind].one} with this id`, { context: { id } });
  return found;
}
