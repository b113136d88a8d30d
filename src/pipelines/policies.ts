import { RejectedError } from "../lib/errors.ts";
import { catalogueOf, type EntityKind } from "../model/catalogue.ts";
import type { FieldChanges } from "../rules/apply.ts";
import type { Policy, RecordPolicy, Setter } from "../rules/record.ts";
import type { Batch, EntitySlot } from "./batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { actorSetter, inBatch, takeForEdit } from "./edit.ts";

/** A policy as a person asks for it. `unit` is a field, a group or `*`; `until` in ms. */
export interface WishedPolicy {
  readonly unit: string;
  readonly policy: Policy;
  readonly connection?: string;
  readonly direction?: "in" | "out";
  readonly reason: string;
  readonly until?: number;
}

export type PolicyChange =
  | { readonly kind: "pin"; readonly field: string; readonly reason: string; readonly until?: number }
  | { readonly kind: "unpin"; readonly field: string }
  /** Takes the place of the one for the same unit, connection and direction; `auto` takes it away. */
  | { readonly kind: "policy"; readonly policy: WishedPolicy }
  /** Takes the place of all policies of the record; pins stay. */
  | { readonly kind: "policies"; readonly policies: readonly WishedPolicy[] };

/**
 * Changes what may be written to a record without a person (rule R15): one version, told in history. What the gate now
 * lets out is due when this returns. Throws StaleError `version_moved`, RejectedError `not_found`, `gone` or `bad_value`.
 */
export async function changePolicies(
  deps: Deps,
  act: { entity: EntityKind; id: string; change: PolicyChange; ifVersion?: number; by: Actor },
): Promise<{ version: number }> {
  const { entity: kind, change, by } = act;
  return inBatch(deps, async (batch) => {
    const slot = await takeForEdit(batch, kind, act.id, act.ifVersion);
    const before = slot.entity.policies;
    const told = { pin: "pinned", unpin: "unpinned", policy: "policy", policies: "policy" }[change.kind];
    keepPolicies(batch, slot, changed(kind, before, change, by.name, batch.now), actorSetter(by, batch.now), told);
    return { version: slot.entity.version };
  });
}

/** Writes other policies to a record in hand, as a version of their own; the same ones are no change. */
export function keepPolicies(
  batch: Batch,
  slot: EntitySlot,
  policies: readonly RecordPolicy[],
  by: Setter,
  kind: string,
): void {
  const fields = differences(slot.entity.policies, policies);
  if (Object.keys(fields).length === 0) return;
  const { id, kind: entity } = slot.entity;
  const version = slot.entity.version + 1;
  slot.entity = { ...slot.entity, policies, version };
  slot.dirty = true;
  batch.history.push({
    ...{ entityId: id, entity, version, kind, by, fields },
    ...{ changeId: null, runId: null, mappingVersion: null },
  });
  batch.look.add(id);
}

function changed(
  kind: EntityKind,
  before: readonly RecordPolicy[],
  change: PolicyChange,
  by: string,
  now: number,
): readonly RecordPolicy[] {
  switch (change.kind) {
    case "pin": {
      const pin = { unit: unitNamed(kind, change.field), policy: "frozen", pin: true } as const;
      const { reason } = change;
      return [...before.filter((each) => !isPinOf(each, pin.unit)), { ...pin, reason, by, ...ending(change, now) }];
    }
    case "unpin": {
      const unit = unitNamed(kind, change.field);
      if (!before.some((each) => isPinOf(each, unit)))
        throw new RejectedError("not_found", "The field is not pinned", { context: { unit } });
      return before.filter((each) => !isPinOf(each, unit));
    }
    case "policy": {
      const made = policyOf(kind, change.policy, by, now);
      const others = before.filter((each) => each.pin === true || keyOf(each) !== keyOf(made));
      return made.policy === "auto" ? others : [...others, made];
    }
    case "policies": {
      const made = change.policies.map((each) => policyOf(kind, each, by, now));
      return [...before.filter((each) => each.pin === true), ...made.filter((each) => each.policy !== "auto")];
    }
  }
}

function policyOf(kind: EntityKind, wished: WishedPolicy, by: string, now: number): RecordPolicy {
  const { policy, connection, direction, reason } = wished;
  return {
    unit: wished.unit === "*" ? "*" : unitNamed(kind, wished.unit),
    policy,
    ...(connection === undefined ? {} : { connection }),
    ...(direction === undefined ? {} : { direction }),
    reason,
    by,
    ...ending(wished, now),
  };
}

/** The unit of a field or group that somebody may speak of: what the gateway computes is asked of nobody. */
function unitNamed(kind: EntityKind, name: string): string {
  const catalogue = catalogueOf(kind);
  const unit = catalogue.units.get(name) ?? catalogue.unitOf.get(name);
  if (unit === undefined || unit.computed || unit.fields.every((field) => catalogue.fields[field]?.virtual))
    throw new RejectedError("bad_value", "There is no such field that anybody sets", { context: { field: "unit" } });
  return unit.name;
}

/** A time that has passed is over before it began. */
function ending({ until }: { readonly until?: number }, now: number): { until?: number } {
  if (until === undefined) return {};
  if (until <= now)
    throw new RejectedError("bad_value", "`until` must lie ahead", { context: { field: "until", rule: "ahead" } });
  return { until };
}

const isPinOf = (policy: RecordPolicy, unit: string): boolean => policy.pin === true && policy.unit === unit;

/** What a policy is known by; a pin stands beside it under a key of its own. */
const keyOf = ({ unit, pin, connection, direction }: RecordPolicy): string =>
  [pin === true ? "pin" : "policy", unit, connection ?? "*", direction ?? "both"].join(" ");

/** By key: what it said before and says now. Not under the name of a field, whose value is untouched. */
function differences(before: readonly RecordPolicy[], after: readonly RecordPolicy[]): FieldChanges {
  const was = new Map(before.map((each) => [keyOf(each), each]));
  const is = new Map(after.map((each) => [keyOf(each), each]));
  const fields: FieldChanges = {};
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    const [old, now] = [was.get(key), is.get(key)];
    if (old !== undefined && now !== undefined && saysSame(old, now)) continue;
    fields[key] = [old === undefined ? null : inWords(old), now === undefined ? null : inWords(now), "R15"];
  }
  return fields;
}

/** Who said it counts only where something else is said. */
const saysSame = (a: RecordPolicy, b: RecordPolicy): boolean =>
  a.policy === b.policy && a.reason === b.reason && a.until === b.until;

const inWords = ({ policy, reason, until }: RecordPolicy): string =>
  `${policy}${until === undefined ? "" : ` until ${new Date(until).toISOString()}`}: ${reason}`;
