import { z } from "@hono/zod-openapi";
import {
  type DecisionWord,
  decisionsOf,
  decisionWords,
  reviewKindNames,
  reviewKinds,
  reviewStates,
} from "../model/review-kinds.ts";
import type { ReadReview } from "../store/reviews-read.ts";

/** What may be said of each kind, as the document tells it. */
const byKind = reviewKindNames.map((kind) => `\`${kind}\`: ${reviewKinds[kind].join(", ")}`).join("; ");

const decisions = z.enum(decisionWords);

export const kindSchema = z.enum(reviewKindNames);

export const reviewSchema = z
  .strictObject({
    id: z.int(),
    kind: kindSchema.openapi({ example: "conflict" }),
    state: z.enum(reviewStates).openapi({
      description: "`decided` by a person, `closed` by itself, `suspended` while its record is archived.",
      example: "open",
    }),
    decisions: z
      .array(decisions)
      .openapi({ description: `What may be decided of it now; none once it is not open. ${byKind}.` }),
    entity: z.enum(["kundeemne", "kontaktperson"]).nullable(),
    entityId: z.uuid().nullable(),
    unit: z.string().nullable().openapi({ description: "Field or group that is held meanwhile." }),
    connection: z.string().nullable(),
    object: z.string().nullable(),
    externalId: z.string().nullable(),
    linkId: z.uuid().nullable(),
    runId: z.int().nullable(),
    sides: z
      .unknown()
      .openapi({ description: "The sides of a conflict, candidates of a match case, values of a proposal." }),
    reason: z.string(),
    detail: z.unknown(),
    openedAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    revision: z.int().openapi({ description: "Rises when a side moves; name the one you saw when you decide." }),
    decidedAt: z.iso.datetime().nullable(),
    decidedBy: z.string().nullable(),
    decision: z.string().nullable(),
    why: z.string().nullable(),
  })
  .openapi("Review");

const range = z
  .strictObject({
    count: z.int().min(1).optional().openapi({ description: "The first so many of what waits." }),
    upTo: z.int().min(1).optional().openapi({ description: "Up to this change or delivery." }),
    objects: z.array(z.string().max(255)).min(1).max(1000).optional().openapi({ description: "These external ids." }),
  })
  .optional()
  .openapi({
    description: "Of a stopped run: the part that is meant; the rest goes on waiting (R30). Left out: all of it.",
  });

const target = z
  .string()
  .max(255)
  .optional()
  .openapi({ description: "Side, record or external id that the decision names." });

export const decisionBody = z
  .strictObject({
    decision: decisions.openapi({ description: `Another one than the kind has is a 422. ${byKind}.` }),
    revision: z.int().min(1).optional().openapi({
      description: "The revision that was seen; another one is a 409. Required of a conflict and of a proposal.",
    }),
    value: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: "With `value`: the fields of the unit." }),
    target,
    range,
    why: z.string().max(500).optional(),
  })
  .openapi("DecisionBody");

/** A value typed once is not meant for many. */
const manyWords = decisionWords.filter((word): word is Exclude<DecisionWord, "value"> => word !== "value");

export const filterShape = {
  kind: kindSchema.optional(),
  connection: z.string().max(63).optional(),
  object: z.string().max(63).optional(),
  unit: z.string().max(60).optional().openapi({ description: "Field or group." }),
  kundeemne: z.uuid().optional().openapi({ description: "A record, its contacts included." }),
  openedBefore: z.iso.datetime({ offset: true }).optional(),
};

export const decisionsBody = z
  .strictObject({
    filter: z
      .strictObject(filterShape)
      .refine((filter) => Object.values(filter).some((value) => value !== undefined), { error: "Name what is meant" })
      .openapi({ description: "What is meant; at least one part of it." }),
    decision: z.enum(manyWords).openapi({ description: "Kinds that do not have it are left out." }),
    target,
    why: z.string().trim().min(1).max(500),
    limit: z.int().min(1).max(500).default(100).openapi({ description: "Reviews at most in one request." }),
    after: z.int().min(0).optional().openapi({ description: "`next` of the answer before." }),
  })
  .openapi("DecisionsBody");

export const decidedSchema = z
  .strictObject({
    found: z.int().openapi({ description: "Reviews that the filter found, oldest first, up to the limit." }),
    decided: z.int(),
    failed: z.int(),
    failures: z.array(
      z.strictObject({
        id: z.int(),
        kind: kindSchema,
        code: z.string(),
        detail: z.string(),
        reason: z.string().optional().openapi({ description: "What hindered it in particular, in English." }),
      }),
    ),
    next: z.int().nullable().openapi({ description: "Send it as `after` to go on; null when nothing more is found." }),
  })
  .openapi("Decided");

export const viewReview = (review: ReadReview): z.infer<typeof reviewSchema> => ({
  ...review,
  decisions: [...decisionsOf(review)],
});
