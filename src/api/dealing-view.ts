import { z } from "@hono/zod-openapi";
import { type DealingKind, dealingKinds, dealings } from "../model/dealings.ts";
import { nest } from "../model/nesting.ts";
import { outputShape } from "../model/schemas.ts";
import type { Dealing } from "../store/dealings.ts";

const metaSchema = z
  .strictObject({
    id: z.uuid(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    createdBy: z.string(),
    updatedBy: z.string(),
    source: z.strictObject({ connection: z.string(), externalId: z.string() }).nullable().openapi({
      description: "The system that keeps it, and its number there: it is changed there. Null: kept here.",
    }),
  })
  .openapi("DealingMeta");

const names: Record<DealingKind, string> = {
  aktiviteter: "Aktivitet",
  opgaver: "Opgave",
  tilbud: "Tilbud",
  noter: "Note",
};

const schemaOf = (kind: DealingKind) =>
  z.strictObject({ ...outputShape(dealings[kind].catalogue), meta: metaSchema }).openapi(names[kind]);

export const dealingSchemas = Object.fromEntries(dealingKinds.map((kind) => [kind, schemaOf(kind)])) as Record<
  DealingKind,
  ReturnType<typeof schemaOf>
>; // one a kind

export const viewDealing = ({ values, kundeemneId, ...meta }: Dealing) => ({ ...nest(values), kundeemneId, meta });
