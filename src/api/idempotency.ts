import { createHash } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { claimIdempotencyKey, keepAnswer, releaseIdempotencyKey } from "../store/idempotency.ts";
import type { ApiDeps, ApiEnv } from "./api-deps.ts";
import { Problem } from "./problems.ts";

/** Headers of an answer that belong to it when it is given again. */
const KEPT_HEADERS = ["content-type", "etag", "location", "content-language"];

/**
 * `Idempotency-Key` on POST (IETF httpapi draft; kept 24 hours): the same request is answered the same, another one under
 * the key is a 422, one that is still running a 409. Answers that say "try again" are not kept. Stored answers are sealed.
 */
export function idempotent(deps: ApiDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const header = c.req.header("idempotency-key");
    if (c.req.method !== "POST" || header === undefined) return await next();
    const key = readKey(header);
    if (key === undefined) throw new Problem(400, "idempotency_key_invalid");
    const keyId = c.get("caller").id;
    const fingerprint = createHash("sha256")
      .update(`${c.req.method} ${new URL(c.req.url).pathname}${new URL(c.req.url).search}\n`)
      .update(await c.req.text())
      .digest("base64url");

    const claim = await claimIdempotencyKey(deps.sql, { keyId, key, fingerprint });
    if (claim.kind === "other_payload") throw new Problem(422, "idempotency_key_reused");
    if (claim.kind === "running") throw new Problem(409, "idempotency_running", { headers: { "retry-after": "1" } });
    if (claim.kind === "answered") {
      const { status, headers, answer } = claim.stored;
      const body = deps.seal.open(answer);
      return new Response(body === "" ? null : body, {
        status,
        headers: { ...headers, "idempotent-replayed": "true" },
      });
    }

    await next();
    const { status } = c.res;
    if (status >= 500 || status === 409 || status === 412 || status === 429 || status === 401 || status === 403) {
      await releaseIdempotencyKey(deps.sql, keyId, key);
      return;
    }
    const headers: Record<string, string> = {};
    for (const name of KEPT_HEADERS) {
      const value = c.res.headers.get(name);
      if (value !== null) headers[name] = value;
    }
    await keepAnswer(deps.sql, keyId, key, { status, headers, answer: deps.seal.seal(await c.res.clone().text()) });
  };
}

/** A structured-field string (`"8e03…"`); without quotes too, since many clients send it so. */
function readKey(header: string): string | undefined {
  const text = header.trim();
  const bare = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1]?.replace(/\\(["\\])/g, "$1") ?? text;
  return /^[\x21-\x7e]{1,255}$/.test(bare) ? bare : undefined;
}
