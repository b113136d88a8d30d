import { z } from "zod";

/** The port that a relay speaks: ours, not the vendor's (README). */

const text = z.string().nullish();

/** What is told of a company free of charge. */
const foundSchema = z.looseObject({
  id: z.string().min(1),
  name: z.string(),
  cvr: text,
  street: text,
  postalCode: text,
  city: text,
});

export const foundListSchema = z.looseObject({ companies: z.array(foundSchema) });

/** A report that was ordered. Its credit judgement is let pass unread. */
export const reportSchema = z.looseObject({
  ...foundSchema.shape,
  country: text,
  phone: text,
  employees: text,
  asOf: z.iso.datetime({ offset: true }),
  expiresAt: z.iso.datetime({ offset: true }),
});

export type Report = z.output<typeof reportSchema>;

export const standingSchema = z.looseObject({
  id: z.string(),
  /** The newest report that was ordered, whoever ordered it. */
  report: reportSchema.nullable(),
  /** One is being made: ordering another would be charged again. */
  pending: z.boolean(),
});

export type Standing = z.output<typeof standingSchema>;
