import type { ZodType } from "zod";
import { RejectedError } from "../lib/errors.ts";
import type { HttpAnswer } from "../lib/http.ts";

/** Reads a vendor's answer as what it promises to be. Throws RejectedError `bad_answer`, which names the request and no value. */
export function readAnswer<T>(vendor: string, schema: ZodType<T>, answer: HttpAnswer, template: string): T {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  throw new RejectedError("bad_answer", `${vendor}'s answer has another shape than expected`, {
    context: { request: template },
  });
}
