import type { Catalogue, Values } from "../model/catalogue.ts";
import { type BodyContext, readBody } from "../model/read-body.ts";
import { type BodyMode, inputSchema, jsonSchemaOf } from "../model/schemas.ts";
import { Problem } from "./problems.ts";
import { faultsOf } from "./validation.ts";

/**
 * A record's body as flat values. All faults are told at once, as a 422: unknown, computed and immutable fields, wrong
 * shapes, values that break a rule. `base` points to where the record stands in the body.
 */
export function readRecordBody(
  catalogue: Catalogue,
  body: unknown,
  mode: BodyMode,
  { base = "", ...context }: BodyContext & { readonly base?: string },
): Values {
  const read = readBody(catalogue, mode, body, context);
  if (read.ok) return read.values;
  const faults = faultsOf(read.issues).map((fault) => ({ ...fault, pointer: base + fault.pointer }));
  throw new Problem(422, "invalid_request", { faults });
}

/** The same for the document: what a caller may write, strict and nested. */
export function bodySchema(catalogue: Catalogue<string>, mode: BodyMode): { readonly [key: string]: unknown } {
  const { $schema: _, ...schema } = jsonSchemaOf(inputSchema(catalogue, mode));
  return schema;
}
