import { z } from "zod";

/** The vendor's shapes, as far as they are used (revision 2026-07-15, JSON:API). */
export const listsSchema = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), attributes: z.looseObject({ name: z.string() }) })),
});
export const madeSchema = z.looseObject({ data: z.looseObject({ id: z.string().min(1) }) });

const marketingSchema = z.looseObject({
  consent: z.string(),
  last_updated: z.string().nullish(),
  suppression: z.array(z.looseObject({ reason: z.string(), timestamp: z.string() })).nullish(),
});
export type Marketing = z.output<typeof marketingSchema>;

export const profilesSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      attributes: z.looseObject({
        email: z.string().nullish(),
        updated: z.string().nullish(),
        subscriptions: z
          .looseObject({ email: z.looseObject({ marketing: marketingSchema.nullish() }).nullish() })
          .nullish(),
      }),
    }),
  ),
  links: z.looseObject({ next: z.string().nullish() }).nullish(),
});
export type Profile = z.output<typeof profilesSchema>["data"][number];
