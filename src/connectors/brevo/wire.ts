import { z } from "zod";

/** The vendor's shapes, as far as they are used (v3, document of 2025-02). */
export const contactSchema = z.looseObject({
  email: z.string().nullish(),
  emailBlacklisted: z.boolean(),
  modifiedAt: z.string().optional(),
});
export const contactsSchema = z.looseObject({ contacts: z.array(contactSchema), count: z.int() });
export const listsSchema = z.looseObject({
  lists: z.array(z.looseObject({ id: z.int(), name: z.string() })).optional(),
  count: z.int().optional(),
});
export const madeSchema = z.looseObject({ id: z.int() });
export const problemSchema = z.looseObject({ code: z.string().optional(), message: z.string().optional() });
