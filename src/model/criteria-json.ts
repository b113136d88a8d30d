import { z } from "zod";
import type { Catalogue } from "./catalogue.ts";
import {
  type Criterion,
  comparableKinds,
  comparisons,
  isInstant,
  metaFacts,
  prefixKinds,
  readOperand,
} from "./criteria.ts";

const day = z.strictObject({ today: z.int().min(-9999).max(9999), unit: z.enum(["d", "m", "y"]) });
const degrees = (limit: number) => z.number().min(-limit).max(limit);
const area = z.discriminatedUnion("shape", [
  z.strictObject({
    shape: z.literal("box"),
    west: degrees(180),
    south: degrees(90),
    east: degrees(180),
    north: degrees(90),
  }),
  z.strictObject({
    shape: z.literal("circle"),
    lat: degrees(90),
    lng: degrees(180),
    metres: z.number().min(0).max(20_100_000),
  }),
  z.strictObject({
    shape: z.literal("polygon"),
    ring: z
      .array(z.tuple([degrees(180), degrees(90)]))
      .min(3)
      .max(500),
  }),
]);

/** A criterion as JSON: the tree itself. What its fields take is asked by `checkCriterion`. */
export const criterionSchema: z.ZodType<Criterion> = z.lazy(() =>
  z.union([
    z.strictObject({ and: z.array(criterionSchema).max(200) }),
    z.strictObject({ or: z.array(criterionSchema).max(200) }),
    z.strictObject({ not: criterionSchema }),
    z.strictObject({ field: z.string(), is: z.union([z.string(), z.number(), z.boolean(), z.null()]) }),
    z.strictObject({ field: z.string(), compares: z.enum(comparisons), with: z.union([z.string(), z.number(), day]) }),
    z.strictObject({ field: z.string(), startsWith: z.string().min(1).max(200) }),
    z.strictObject({ area }),
    z.strictObject({ meta: z.enum(metaFacts), after: z.string().refine(isInstant) }),
  ]),
);

export interface TreeFault {
  /** JSON pointer within the tree. */
  readonly pointer: string;
  readonly code: "unknown_field" | "bad_value";
}

/** What a tree asks of fields that they cannot be asked. */
export function checkCriterion(catalogue: Catalogue<string>, criterion: Criterion, pointer = ""): TreeFault[] {
  if ("and" in criterion)
    return criterion.and.flatMap((part, at) => checkCriterion(catalogue, part, `${pointer}/and/${at}`));
  if ("or" in criterion)
    return criterion.or.flatMap((part, at) => checkCriterion(catalogue, part, `${pointer}/or/${at}`));
  if ("not" in criterion) return checkCriterion(catalogue, criterion.not, `${pointer}/not`);
  if (!("field" in criterion)) return [];
  const field = Object.hasOwn(catalogue.fields, criterion.field) ? catalogue.fields[criterion.field] : undefined;
  if (field === undefined || field.virtual) return [{ pointer: `${pointer}/field`, code: "unknown_field" }];
  const wrong = (part: string): TreeFault[] => [{ pointer: `${pointer}/${part}`, code: "bad_value" }];
  if ("startsWith" in criterion) return prefixKinds.has(field.kind) ? [] : wrong("startsWith");
  if ("compares" in criterion) {
    if (typeof criterion.with === "object") return field.kind === "date" ? [] : wrong("with");
    const operand = comparableKinds.has(field.kind) ? readOperand(field, String(criterion.with)) : undefined;
    return operand === criterion.with ? [] : wrong("with");
  }
  if (criterion.is === null) return [];
  return readOperand(field, String(criterion.is)) === criterion.is ? [] : wrong("is");
}
