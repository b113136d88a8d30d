import { z } from "@hono/zod-openapi";
import type { ExplainedUnit } from "../pipelines/explain.ts";
import type { Language } from "./language.ts";

const values = z.record(z.string(), z.unknown());
const saidSchema = z
  .strictObject({
    kind: z.enum(["connection", "api", "person", "derived", "system"]),
    side: z.string().optional(),
    connection: z.string().optional(),
    object: z.string().optional(),
    actor: z.string().optional(),
    change: z.number().optional().openapi({ description: "The change of the inbox that said it." }),
    mapping: z.string().optional().openapi({ description: "The mapping version that read it." }),
    from: z.iso.datetime().openapi({ description: "Said between `from` and `to` (R3)." }),
    to: z.iso.datetime(),
  })
  .openapi("Setter");

const deliverySchema = z
  .strictObject({ id: z.int(), kind: z.string(), state: z.string(), reason: z.string().nullable() })
  .nullable();

const next = values.nullable().openapi({ description: "Remote fields that are owed and go out next." });
const because = z.string().nullable().openapi({
  description:
    "Why nothing goes out, or not yet: a reason of the gate (archived, restricted, frozen, …), held, proposed, one_way, ignored, unset, in_only, on_create, if_empty, rendering, armed, stopped, switched_off, paused, quiet, uncertain, rejected, circuit_open, no_link, match_case, parent_not_linked, the state of the link, or the code of what cannot be written (too_long, …).",
});

export const explainedSchema = z
  .strictObject({
    unit: z.string(),
    value: values,
    version: z.int().openapi({ description: "Version of the record since which it is so; 0: nobody has set it." }),
    setBy: saidSchema.nullable(),
    rule: z.string().nullable().openapi({ example: "R12:owner:crm" }),
    losers: z.array(z.strictObject({ value: values, by: saidSchema, rule: z.string() })),
    pinned: z.boolean(),
    policies: z.array(
      z.strictObject({
        policy: z.string(),
        pin: z.boolean(),
        connection: z.string().nullable(),
        direction: z.string().nullable(),
        reason: z.string(),
        by: z.string(),
        until: z.iso.datetime().nullable(),
      }),
    ),
    held: z
      .array(
        z.strictObject({
          id: z.int(),
          kind: z.string(),
          reason: z.string(),
          openedAt: z.iso.datetime(),
          sides: z.array(
            z.strictObject({
              link: z.string().nullable(),
              connection: z.string().nullable(),
              object: z.string().nullable(),
              value: values,
              at: z.string(),
              changeId: z.int().nullable(),
            }),
          ),
        }),
      )
      .openapi({ description: "Reviews that hold it, with their sides; a side without a connection is ours (R16)." }),
    links: z.array(
      z.strictObject({
        link: z.uuid(),
        connection: z.string(),
        object: z.string(),
        externalId: z.string(),
        state: z.string(),
        shows: values.nullable().openapi({ description: "What the remote last showed; null: never the field." }),
        next,
        because,
        detail: z.string().nullable(),
        delivery: deliverySchema,
      }),
    ),
    absent: z
      .array(z.strictObject({ connection: z.string(), object: z.string(), next, because, delivery: deliverySchema }))
      .openapi({ description: "Connections that have no object of the record: why, or what is made there." }),
    text: z.string().openapi({ description: "All of it as a paragraph, in the language of Accept-Language." }),
  })
  .openapi("Explanation");

/** Each unit with its paragraph in one language. */
export const viewExplained = (
  units: Readonly<Record<string, ExplainedUnit>>,
  language: Language,
): Record<string, z.infer<typeof explainedSchema>> =>
  Object.fromEntries(
    Object.entries(units).map(([unit, told]) => {
      const { losers, policies, held, links, absent } = told;
      const lists = {
        losers: [...losers],
        policies: [...policies],
        held: held.map((each) => ({ ...each, sides: [...each.sides] })),
        links: [...links],
        absent: [...absent],
      };
      return [unit, { ...told, ...lists, text: told.text[language] }];
    }),
  );
