import { copenhagenDay } from "../lib/time.ts";
import { decideWaiting } from "./archive.ts";
import { type Batch, type EntitySlot, write } from "./batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { actorSetter, inBatch, takeForEdit } from "./edit.ts";

export interface RestrictAct {
  readonly id: string;
  readonly reason: string;
  readonly ifVersion?: number;
  readonly by: Actor;
}

/**
 * Restricts a Kundeemne (GDPR art. 18; domain notes, d.10): it is stored and nothing else, so nothing is written to it or
 * sent of it, no campaign reaches it and no directory refreshes it. Restricted already: nothing changes. Throws
 * RejectedError `not_found`, `gone`, StaleError `version_moved`.
 */
export async function restrict(deps: Deps, act: RestrictAct): Promise<void> {
  await inBatch(deps, async (batch) => {
    const slot = await takeForEdit(batch, "kundeemne", act.id, act.ifVersion);
    if (!slot.entity.state.restricted) turn(batch, slot, act, true);
  });
  deps.log.info("record.restricted", { entityId: act.id, by: act.by.name });
}

/** Lifts the restriction. What its systems have shown meanwhile is decided before anything can be sent to them. */
export async function unrestrict(deps: Deps, act: RestrictAct): Promise<void> {
  await inBatch(
    deps,
    async (batch) => {
      const slot = await takeForEdit(batch, "kundeemne", act.id, act.ifVersion);
      if (slot.entity.state.restricted) turn(batch, slot, act, false);
    },
    (batch) => decideWaiting(deps, batch, act.id),
  );
  deps.log.info("record.unrestricted", { entityId: act.id, by: act.by.name });
}

function turn(batch: Batch, slot: EntitySlot, { by, reason }: RestrictAct, restricted: boolean): void {
  const fields = {
    "begraenset.vaerdi": restricted,
    "begraenset.aarsag": reason,
    "begraenset.dato": copenhagenDay(new Date(batch.now)),
  };
  const kind = restricted ? "restricted" : "unrestricted";
  const cause = { by: actorSetter(by, batch.now), changeId: null, runId: null, mapping: null, kind };
  write(batch, slot, [{ unit: "begraenset", did: "took", rule: `S72:${kind}`, write: fields }], cause);
  slot.entity = { ...slot.entity, state: { ...slot.entity.state, restricted } };
}
