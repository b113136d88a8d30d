import { z } from "@hono/zod-openapi";
import type { DriftCount } from "../pipelines/agreement.ts";

export const agreementSchema = z
  .strictObject({
    fields: z.int().openapi({ description: "Fields of linked records that are kept in agreement both ways." }),
    agreeing: z.int().openapi({ description: "Of these, how many agree, as equals or as a recorded rendering." }),
    percent: z.number().nullable().openapi({
      description: "Of the fields; 100 only where all agree, null where none is kept both ways.",
    }),
    drift: z.int().openapi({ description: "Fields that differ though they should not." }),
    held: z.int().openapi({ description: "Fields that wait for a person; apart from drift (R16)." }),
    oldestAt: z.iso.datetime().nullable().openapi({ description: "Since when the oldest of what differs does so." }),
  })
  .openapi("Agreement");

export type Agreement = z.infer<typeof agreementSchema>;

export function agreementOf(linked: number, count: DriftCount | undefined): Agreement {
  const fields = linked * (count?.twoWay ?? 0);
  return withPercent({
    fields,
    agreeing: Math.max(0, fields - (fields === 0 ? 0 : (count?.differing ?? 0))),
    drift: count?.drift ?? 0,
    held: count?.held ?? 0,
    oldestAt: count?.oldest ?? null,
  });
}

/** Of several objects together. */
export const addAgreements = (parts: readonly Agreement[]): Agreement =>
  withPercent({
    fields: sum(parts, "fields"),
    agreeing: sum(parts, "agreeing"),
    drift: sum(parts, "drift"),
    held: sum(parts, "held"),
    oldestAt: parts.flatMap((part) => part.oldestAt ?? []).sort()[0] ?? null,
  });

const sum = (parts: readonly Agreement[], name: "fields" | "agreeing" | "drift" | "held"): number =>
  parts.reduce((total, part) => total + part[name], 0);

/** Rounded down: one field of a million that differs must not show as 100. */
const withPercent = (part: Omit<Agreement, "percent">): Agreement => ({
  ...part,
  percent: part.fields === 0 ? null : Math.floor((part.agreeing / part.fields) * 10_000) / 100,
});
