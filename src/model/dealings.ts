import type { z } from "zod";
import { copenhagenDate } from "../danish/dates.ts";
import { buildCatalogue, type Catalogue, type Values } from "./catalogue.ts";
import { checkValue } from "./check-value.ts";
import { normalise } from "./compare.ts";
import { canonicalDecimal } from "./decimal.ts";
import type { Value } from "./field.ts";
import { aktivitetFields, noteFields, opgaveFields, tilbudFields } from "./fields/dealings.ts";
import { type BodyContext, type ReadBody, refusedKeys } from "./read-body.ts";
import { type BodyMode, inputSchema } from "./schemas.ts";

/** A dealing is what is done or agreed with a Kundeemne and hangs on it: an aktivitet, opgave, tilbud or note. */
export const dealingKinds = ["aktiviteter", "opgaver", "tilbud", "noter"] as const;
export type DealingKind = (typeof dealingKinds)[number];

export interface DealingDefinition {
  readonly catalogue: Catalogue<DealingKind>;
  /** One of them, in words of both languages. */
  readonly one: string;
  /** Lists come in this order. */
  readonly order: { readonly by: string; readonly descending: boolean };
  /** Written once, never changed nor taken away. */
  readonly appendOnly: boolean;
}

const define = (
  kind: DealingKind,
  fields: Parameters<typeof buildCatalogue>[1],
  more: Omit<DealingDefinition, "catalogue" | "appendOnly"> & { readonly appendOnly?: true },
): DealingDefinition => ({ catalogue: buildCatalogue(kind, fields), appendOnly: false, ...more });

export const dealings: Readonly<Record<DealingKind, DealingDefinition>> = {
  aktiviteter: define("aktiviteter", aktivitetFields, { one: "aktivitet", order: { by: "dato", descending: true } }),
  opgaver: define("opgaver", opgaveFields, {
    one: "opgave",
    order: { by: "opfoelgningsdato", descending: false },
  }),
  tilbud: define("tilbud", tilbudFields, { one: "tilbud", order: { by: "dato", descending: true } }),
  noter: define("noter", noteFields, {
    one: "note",
    order: { by: "createdAt", descending: true },
    appendOnly: true,
  }),
};

const schemas = Object.fromEntries(
  dealingKinds.map((kind) => [
    kind,
    {
      create: inputSchema(dealings[kind].catalogue, "create"),
      patch: inputSchema(dealings[kind].catalogue, "patch"),
    },
  ]),
) as Record<DealingKind, Record<BodyMode, ReturnType<typeof inputSchema>>>; // a schema for each kind, as listed

/**
 * The body of a dealing as values, or everything that is wrong with it at once. `before`: the row as it stands. What is
 * left out of a new one is its default.
 */
export function readDealing(kind: DealingKind, mode: BodyMode, body: unknown, context: BodyContext): ReadBody {
  const { catalogue } = dealings[kind];
  const parsed = schemas[kind][mode].safeParse(body, { reportInput: true });
  if (!parsed.success)
    return { ok: false, issues: parsed.error.issues.flatMap((issue) => refusedKeys(catalogue, mode, body, issue)) };
  const issues: z.core.$ZodIssue[] = [];
  const fail: Fail = (field, code, message, facts = {}) =>
    void issues.push({ code: "custom", path: [field], message, params: { code, field, ...facts } });
  const values: Values = {};
  for (const [key, field] of Object.entries(catalogue.fields)) {
    const typed = (parsed.data as Values)[key]; // the schema was made of these fields
    if (typed === undefined && (mode === "patch" || field.default === undefined)) continue;
    const value = field.kind === "currency" && typed !== undefined ? normalise(field, typed) : typed;
    values[key] = value ?? field.default ?? null;
    if (field.required && value === null) fail(key, "missing", `${key} is required.`);
    const fault = checkValue(field, values[key] ?? null, context.today === undefined ? {} : { today: context.today });
    const facts = { limit: field.max ?? 0, scale: field.scale ?? 0, choices: field.codes?.join(", ") ?? "" };
    if (fault !== null) fail(key, fault.code, fault.detail, { ...facts, ...(fault.rule && { rule: fault.rule }) });
  }
  if (issues.length > 0) return { ok: false, issues };
  if (kind === "aktiviteter") judgeTime(values, { ...context.before, ...values }, mode, fail);
  if (kind === "tilbud") judgeRate(values, { ...context.before, ...values }, fail);
  return issues.length === 0 ? { ok: true, values } : { ok: false, issues };
}

/** What a whole dealing says by several fields together, completed in place; the first fault, if any. */
export function completeDealing(kind: DealingKind, values: Values): { field: string; code: string } | undefined {
  const faults: { field: string; code: string }[] = [];
  const fail: Fail = (field, code) => void faults.push({ field, code });
  if (kind === "aktiviteter") judgeTime(values, values, "create", fail);
  if (kind === "tilbud") judgeRate(values, values, fail);
  return faults[0];
}

type Fail = (field: string, code: string, message: string, facts?: Readonly<Record<string, Value>>) => void;

/** An activity has a date; a time says it too, and then it is Copenhagen's (S56). */
function judgeTime(values: Values, after: Values, mode: BodyMode, fail: Fail): void {
  const time = values.tidspunkt;
  if (typeof time === "string") {
    const date = copenhagenDate(new Date(time));
    values.tidspunkt = new Date(time).toISOString();
    if (typeof values.dato === "string" && values.dato !== date)
      fail("dato", "contradiction", "dato is not the date of tidspunkt in Copenhagen.", { other: "tidspunkt" });
    values.dato = date;
    return;
  }
  // A new date without a time: the old time no longer holds.
  if (mode === "patch" && typeof values.dato === "string" && time === undefined) values.tidspunkt = null;
  if (typeof after.dato !== "string") fail("dato", "missing", "An activity has a dato or a tidspunkt.");
}

/** Another currency needs the tilbud's own rate; kroner have none (S54). */
function judgeRate(values: Values, after: Values, fail: Fail): void {
  if (typeof after.kurs === "string" && !(Number(canonicalDecimal(after.kurs)) > 0))
    return fail("kurs", "bad_value", "A rate is more than 0.", { rule: "rate" });
  if (after.valuta === "DKK") {
    if (typeof values.kurs === "string" && canonicalDecimal(values.kurs) !== "100")
      return fail("kurs", "contradiction", "100 kroner are 100 kroner.", { other: "valuta" });
    values.kurs = null;
    return;
  }
  if (typeof after.kurs !== "string")
    fail("kurs", "incomplete", "A tilbud in another currency has its own rate.", { other: "valuta" });
}
