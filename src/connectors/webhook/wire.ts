import { z } from "zod";

/** What a receiver may answer; it may as well answer nothing. */
export const answerSchema = z.looseObject({
  refused: z.array(z.looseObject({ id: z.string(), code: z.string().max(60).optional() })).optional(),
  optedOut: z.array(z.looseObject({ id: z.string(), at: z.iso.datetime({ offset: true }).optional() })).optional(),
});
