import { z } from "zod";

/** The vendor's shapes, as far as they are used (Marketing API 3.0.55). */
export const batchSchema = z.looseObject({
  id: z.string().min(1),
  status: z.enum(["pending", "preprocessing", "started", "finalizing", "finished"]),
  total_operations: z.int(),
  errored_operations: z.int(),
  response_body_url: z.string().optional(),
});

export const memberSchema = z.looseObject({
  email_address: z.string(),
  status: z.string(),
  last_changed: z.string().optional(),
  unsubscribe_reason: z.string().optional(),
});

export const memberListSchema = z.looseObject({ members: z.array(memberSchema), total_items: z.int() });

/** One file of a batch's results holds a list of these; `response` is a body as text. */
export const resultListSchema = z.array(
  z.looseObject({ status_code: z.int(), operation_id: z.string(), response: z.string() }),
);

export const problemSchema = z.looseObject({ title: z.string().optional() });
