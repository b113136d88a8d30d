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
      case "invalid_union":
        return faultsOfUnion(issue.errors).map((fault) => ({ ...fault, pointer: pointer + fault.pointer }));
      case "invalid_format":
        return [{ pointer, code: "bad_value", facts: { rule: issue.format } }];
      case "custom": {
        const { code, ...facts } = issue.params ?? {};
        if (typeof code === "string") return [{ pointer, code, facts, detail: issue.message }];
        return [{ pointer, code: "bad_value", facts: { rule: issue.message } }];
      }
      default:
        return [{ pointer, code: "bad_value", facts: { rule: issue.message } }];
    }
  });
}

/** Of the shapes that would do, the one whose type was meant; else all types that would do. */
function faultsOfUnion(errors: readonly (readonly z.core.$ZodIssue[])[]): Fault[] {
  const isOther = (issue: z.core.$ZodIssue) => issue.code === "invalid_type" && issue.path.length === 0;
  const meant = errors.find((issues) => issues.length > 0 && !issues.some(isOther));
  if (meant !== undefined) return faultsOf(meant);
  const expected = errors.flatMap((issues) => issues.flatMap((each) => ("expected" in each ? [each.expected] : [])));
  return [{ pointer: "", code: "wrong_type", facts: { expected: [...new Set(expected)].join(" / ") } }];
}
