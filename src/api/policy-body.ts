import { z } from "@hono/zod-openapi";
import type { Catalogue } from "../model/catalogue.ts";
import { refusalOf } from "../model/schemas.ts";
import type { PolicyChange, WishedPolicy } from "../pipelines/policies.ts";
import { given } from "./actor.ts";
import { type Fault, Problem } from "./problems.ts";

const MOST_POLICIES = 200;

const reason = z.string().trim().min(1).max(500).openapi({ description: "Why; shown where it holds something back." });
const until = z.iso
  .datetime({ offset: true })
  .optional()
  .openapi({ description: "Over at this time; without it never." });

export const pinBody = z.strictObject({ reason, until }).openapi("PinBody");

const policyBody = z
  .strictObject({
    unit: z.string().min(1).max(60).openapi({ description: "A field, a group, or `*` for all.", example: "telefon" }),
    policy: z.enum(["auto", "if_empty", "propose", "frozen"]),
    connection: z.string().max(63).optional().openapi({ description: "Without it all connections." }),
    direction: z.enum(["in", "out"]).optional().openapi({ description: "Without it both." }),
    reason,
    until,
  })
  .openapi("PolicyBody");

export const policiesBody = z
  .union([policyBody, z.array(policyBody).max(MOST_POLICIES)])
  .openapi("PoliciesBody", { description: "One policy, or the list of all." });

/** A pin on the field that the path names. */
export const pinOf = (catalogue: Catalogue, field: string, body: z.infer<typeof pinBody>): PolicyChange => ({
  kind: "pin",
  field: named(catalogue, field),
  reason: body.reason,
  ...untilOf(body),
});

export const unpinOf = (catalogue: Catalogue, field: string): PolicyChange => ({
  kind: "unpin",
  field: named(catalogue, field),
});

/** One policy or the list of all. Every fault of the body is told at once, as a 422. */
export function policyChangeOf(
  catalogue: Catalogue,
  connections: readonly string[],
  body: z.infer<typeof policiesBody>,
): PolicyChange {
  const list = Array.isArray(body) ? body : [body];
  const faults: Fault[] = [];
  const places = new Map<string, number>();
  const wishes = list.map((each, n): WishedPolicy => {
    const base = Array.isArray(body) ? `/${n}` : "";
    const unit = each.unit === "*" ? "*" : unitOf(catalogue, each.unit, `${base}/unit`, faults);
    if (each.connection !== undefined && !connections.includes(each.connection)) {
      const choices = { choices: connections.join(", ") };
      faults.push({ pointer: `${base}/connection`, code: "not_allowed", facts: choices });
    }
    const key = [unit, each.connection ?? "", each.direction ?? ""].join(" ");
    const known = places.get(key);
    if (known !== undefined)
      faults.push({ pointer: base, code: "contradiction", facts: { field: `/${known}`, other: `/${n}` } });
    places.set(key, n);
    const { policy, connection, direction } = each;
    return { unit, policy, reason: each.reason, ...given({ connection, direction }), ...untilOf(each) };
  });
  if (faults.length > 0) throw new Problem(422, "invalid_request", { faults });
  const [only] = wishes;
  if (Array.isArray(body) || only === undefined) return { kind: "policies", policies: wishes };
  return { kind: "policy", policy: only };
}

function named(catalogue: Catalogue, field: string): string {
  const faults: Fault[] = [];
  const unit = unitOf(catalogue, field, "/field", faults);
  if (faults.length > 0) throw new Problem(422, "invalid_request", { faults });
  return unit;
}

/** The field's unit; what nobody sets cannot be kept from anybody. */
function unitOf(catalogue: Catalogue, name: string, pointer: string, faults: Fault[]): string {
  const unit = catalogue.units.get(name) ?? catalogue.unitOf.get(name);
  const first = unit?.fields[0] ?? name;
  const refusal = refusalOf(catalogue, "patch", first);
  const isView = catalogue.fields[first]?.virtual === true;
  if (unit === undefined) faults.push({ pointer, code: "unknown_field" });
  else if (refusal !== undefined || isView) {
    const facts = { field: name, unit: unit.name };
    faults.push({ pointer, code: refusal?.code ?? "computed_field", facts });
  }
  return unit?.name ?? name;
}

const untilOf = (body: { readonly until?: string | undefined }): { until?: number } =>
  body.until === undefined ? {} : { until: Date.parse(body.until) };
