import { z } from "zod";

/** The vendor's shapes, as far as they are used (Admin API v5). */
export const membersSchema = z.looseObject({
  members: z.array(
    z.looseObject({
      id: z.string().min(1),
      email: z.string(),
      subscribed: z.boolean().optional(),
      updated_at: z.string().nullish(),
      labels: z.array(z.looseObject({ name: z.string() })).default([]),
      newsletters: z.array(z.unknown()).optional(),
    }),
  ),
  meta: z.looseObject({ pagination: z.looseObject({ next: z.int().nullish() }) }).optional(),
});
export type Member = z.output<typeof membersSchema>["members"][number];
