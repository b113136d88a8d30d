import { type Entity, isCrm, type Lane, type Policy, type RecordPolicy, type Side, setterInForce } from "./record.ts";

/** Why the gate forbids; the text of it is the API's and the console's. */
export type GateReason =
  | "terms"
  | "expired"
  | "direction"
  | "switched_off"
  | "archived"
  | "restricted"
  | "erased"
  | "orphaned"
  | "merged"
  | "control_field"
  | "pinned"
  | "frozen"
  | "not_empty"
  | "propose"
  | "flag";

export type GateVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: GateReason; readonly instead?: "propose" };

const open: GateVerdict = { allowed: true };
const shut = (reason: GateReason, instead?: "propose"): GateVerdict =>
  instead ? { allowed: false, reason, instead } : { allowed: false, reason };

const strictness: Record<Policy, number> = { auto: 0, if_empty: 1, propose: 2, frozen: 3 };

/** The strictest policy that applies to a unit, a connection and a direction now (rule R15). */
export function policyFor(
  entity: Entity,
  unit: string,
  lane: Pick<Lane, "connection" | "updatePolicy">,
  direction: "in" | "out",
  now: number,
): { readonly policy: Policy; readonly pin: boolean; readonly by?: RecordPolicy } {
  let policy: Policy = direction === "in" ? (lane.updatePolicy[unit] ?? lane.updatePolicy["*"] ?? "auto") : "auto";
  let by: RecordPolicy | undefined;
  for (const each of entity.policies) {
    if (each.unit !== unit && each.unit !== "*") continue;
    if (each.connection !== undefined && each.connection !== lane.connection) continue;
    if (each.direction !== undefined && each.direction !== direction) continue;
    if (each.until !== undefined && each.until <= now) continue;
    // A pin fixes our value; it still goes out.
    if (each.pin && direction === "out") continue;
    if (strictness[each.policy] > strictness[policy] || (each.pin && each.policy === policy)) {
      policy = each.policy;
      by = each;
    }
  }
  return by ? { policy, pin: by.pin === true, by } : { policy, pin: false };
}

/** The state of the record alone: what forbids every write in or out. */
export function gateState(entity: Entity, direction: "in" | "out"): GateVerdict {
  const { state } = entity;
  if (state.erased) return shut("erased");
  if (state.mergedInto !== null) return shut("merged");
  if (state.archived) return shut("archived");
  if (state.restricted) return shut("restricted");
  if (state.orphaned && direction === "out") return shut("orphaned");
  return open;
}

export interface GateInput {
  readonly entity: Entity;
  readonly unit: string;
  readonly control: boolean;
  readonly lane: Lane;
  /** Is our side of the unit empty? */
  readonly empty: boolean;
  readonly side: Side;
  /** maaOpdateresAutomatisk, the stricter of old and new where a change carries it with data. */
  readonly mayUpdate: boolean;
  readonly now: number;
}

/**
 * The gate for a value on its way in, in the order of rule R14: switch, state, control (rule R1), pin, policy. Direction
 * of the mapping line is the caller's; survivorship comes after.
 */
export function gateIn(input: GateInput): GateVerdict {
  const { entity, unit, lane } = input;
  if (!lane.inbound) return shut("switched_off");
  const state = gateState(entity, "in");
  if (!state.allowed) return state;
  if (input.control && input.side !== "crm") return shut("control_field");
  const { policy, pin } = policyFor(entity, unit, lane, "in", input.now);
  if (pin) return shut("pinned");
  if (policy === "frozen") return shut("frozen");
  if (input.side === "directory" && !input.mayUpdate) return shut("flag", "propose");
  if (policy === "propose") return shut("propose", "propose");
  if (policy === "if_empty" && !input.empty) return shut("not_empty");
  return open;
}

/** The gate for a value on its way out, at deciding and again in the act of leasing. `empty`: the remote shows nothing there. */
export function gateOut(entity: Entity, unit: string, lane: Lane, empty: boolean, now: number): GateVerdict {
  if (lane.bound?.has(setterInForce(entity, unit)?.connection ?? "") === true) return shut("terms");
  if (!lane.outbound) return shut("switched_off");
  const state = gateState(entity, "out");
  if (!state.allowed) return state;
  const { policy } = policyFor(entity, unit, lane, "out", now);
  if (policy === "frozen" || policy === "propose") return shut(policy);
  return policy === "if_empty" && !empty ? shut("not_empty") : open;
}

/** Whether the value in force was the CRM's doing; an unset value is nobody's. */
export const oursIsCrm = (entity: Entity, unit: string): boolean => {
  const setter = setterInForce(entity, unit);
  return setter !== undefined && isCrm(setter);
};
