import type { Hook } from "@hono/zod-openapi";
import type { z } from "zod";
import type { ApiEnv } from "./api-deps.ts";
import { escapePointer, type Fault, Problem } from "./problems.ts";

/** What `defaultHook` does with a request that its schema refuses: 422 for a body, 400 for query, headers and path. */
// biome-ignore lint/suspicious/noExplicitAny: the type that the library gives its hook for all routes
export const refuseInvalid: Hook<any, ApiEnv, any, any> = (result) => {
  if (result.success) return;
  const faults = faultsOf(result.error.issues);
  // A path that can be no id names nothing.
  if (result.target === "param") throw new Problem(404, "not_found");
  if (result.target === "json" || result.target === "form") throw new Problem(422, "invalid_request", { faults });
  throw new Problem(400, "invalid_query", { faults });
};

/** Issues of zod as faults of ours. Values are never quoted, only names, limits and choices. */
export function faultsOf(issues: readonly z.core.$ZodIssue[]): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const pointer = issue.path.map((part) => `/${escapePointer(String(part))}`).join("");
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({ pointer: `${pointer}/${escapePointer(key)}`, code: "unknown_field" }));
      case "invalid_type":
        return [{ pointer, code: "wrong_type", facts: { expected: issue.expected } }];
      case "too_big":
        return [
          {
            pointer,
            code: issue.origin === "string" ? "too_long" : "too_large",
            facts: { limit: String(issue.maximum) },
          },
        ];
      case "too_small":
        return [
          {
            pointer,
            code: issue.origin === "string" ? "too_short" : "too_small",
            facts: { least: String(issue.minimum) },
          },
        ];
      case "invalid_value":
        return [{ pointer, code: "not_allowed", facts: { choices: issue.values.map(String).join(", ") } }];
      case "invalid_union": {
        const nearest = [...issue.errors].sort((a, b) => a.length - b.length)[0];
        const inner = nearest ? faultsOf(nearest) : [];
        if (inner.length > 0) return inner.map((fault) => ({ ...fault, pointer: pointer + fault.pointer }));
        return [{ pointer, code: "bad_value", facts: { rule: "no shape fits" } }];
      }
      case "invalid_format":
        return [{ pointer, code: "bad_value", facts: { rule: issue.format } }];
      default:
        return [{ pointer, code: "bad_value", facts: { rule: issue.message } }];
    }
  });
}
