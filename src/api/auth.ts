import type { Context, MiddlewareHandler } from "hono";
import { hashKey, KEY_PREFIX } from "../lib/secrets.ts";
import { useApiKey } from "../store/api-keys.ts";
import type { ApiDeps, ApiEnv } from "./api-deps.ts";
import { Problem } from "./problems.ts";
import { allows, type Need } from "./scopes.ts";

/** Finds who asks by the bearer key. Unknown, expired and revoked keys are one case: the same query, code and body. */
export function signIn(deps: ApiDeps, options: { readonly basic?: boolean } = {}): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const key = bearerOf(c.req.header("authorization"), options.basic ?? false);
    const caller = key === undefined ? undefined : await useApiKey(deps.sql, hashKey(key));
    if (caller === undefined) throw unauthorized();
    c.set("caller", { id: caller.id, label: caller.label, scopes: caller.scopes });
    await next();
  };
}

/** Lets through callers whose scopes allow it. */
export function needs(need: Need): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    assertAllowed(c, need);
    await next();
  };
}

export function assertAllowed(c: Context<ApiEnv>, need: Need): void {
  const connection = c.req.param("name") ?? c.req.param("connection");
  if (allows(c.get("caller").scopes, need, connection)) return;
  const scope = need === "connection" ? `connection:${connection}` : need;
  throw new Problem(403, "forbidden", { facts: { scope }, headers: { "www-authenticate": `Bearer scope="${need}"` } });
}

const unauthorized = () =>
  new Problem(401, "unauthorized", { headers: { "www-authenticate": 'Bearer realm="kobling"' } });

/** Vendors that cannot send a bearer key put it into the URL as a password (`https://kobling:KEY@…`), so Basic is read too. */
function bearerOf(header: string | undefined, basic: boolean): string | undefined {
  const [scheme = "", credentials = ""] = (header ?? "").trim().split(/\s+/, 2);
  if (/^bearer$/i.test(scheme)) return credentials.startsWith(KEY_PREFIX) ? credentials : undefined;
  if (!basic || !/^basic$/i.test(scheme)) return undefined;
  const [, password = ""] = Buffer.from(credentials, "base64").toString("utf8").split(":", 2);
  return password.startsWith(KEY_PREFIX) ? password : undefined;
}
