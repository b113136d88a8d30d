import type { Context, MiddlewareHandler } from "hono";
import type { ApiEnv } from "./api-deps.ts";
import { Problem } from "./problems.ts";
import { allows } from "./scopes.ts";

/** Fields, or groups of fields, that whoever may only look does not see (S92): balances and notes. */
const HIDDEN: ReadonlySet<string> = new Set([
  ...["saldoDeb", "saldoKred", "kreditMax", "bemaerk1", "bemaerk2", "bemaerk3", "overordnetTekst"],
]);
/** Texts that are no question. */
const SAYINGS: ReadonlySet<string> = new Set(["name", "why", "recipient", "evidence", "source", "address"]);

/**
 * What is hidden leaves with no answer of JSON, wherever it stands in it, and cannot be asked about by a filter, an order or
 * a column. Routes whose answers are notes as such ask for `read`.
 */
export function veiled(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { scopes } = c.get("caller");
    if (allows(scopes, "read", undefined) || !allows(scopes, "look", undefined)) return await next();
    const asked = await askedAbout(c);
    if (asked !== undefined)
      throw new Problem(403, "forbidden", {
        facts: { scope: "read" },
        extra: { reason: `A key of scope marketing cannot ask about ${asked}` },
      });
    await next();
    const type = c.res.headers.get("content-type") ?? "";
    if (c.res.status >= 400 || !/^application\/([\w.-]+\+)?json\b/.test(type)) return;
    const shown = JSON.stringify(veil(await c.res.json()));
    c.res = new Response(shown, { status: c.res.status, headers: c.res.headers });
  };
}

/** The hidden field that a query or a body speaks of. */
async function askedAbout(c: Context<ApiEnv>): Promise<string | undefined> {
  const words = Object.entries(c.req.queries()).flatMap(([name, values]) => [name, ...values]);
  if (c.req.method !== "GET" && /json/i.test(c.req.header("content-type") ?? ""))
    words.push(...saidIn(readJson(await c.req.text())));
  const text = words.join("\n").toLowerCase();
  return [...HIDDEN].find((field) => text.includes(field.toLowerCase()));
}

/** Keys and texts of a body, but for those that only say something. */
function saidIn(body: unknown): string[] {
  if (typeof body === "string") return [body];
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).flatMap(([key, value]) => (SAYINGS.has(key) ? [] : [key, ...saidIn(value)]));
}

/** What is no JSON is refused by the route. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const hides = (key: string): boolean => HIDDEN.has(key.split(".")[0] ?? key);

/** What is told of fields: there the hidden ones are left out, elsewhere they are empty. */
const ABOUT_FIELDS: ReadonlySet<string> = new Set(["sources", "held"]);

/** The same, with nothing where something hidden stood. */
export function veil(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(veil);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      ABOUT_FIELDS.has(key) ? withoutHidden(each) : hides(key) ? emptied(each) : veil(each),
    ]),
  );
}

function withoutHidden(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return veil(value);
  return Object.fromEntries(Object.entries(value).filter(([key]) => !hides(key)));
}

function emptied(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(Object.keys(value).map((key) => [key, null]));
}
