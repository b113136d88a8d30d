import type { Context, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { addAuditEntry, endAuditEntry } from "../store/audit.ts";
import type { ApiDeps, ApiEnv } from "./api-deps.ts";

/** What systems push and pull is not an act of a person; what it changes stands in history, which the chain covers as well. */
const MACHINES = /^\/v1\/(hooks\/|connections\/[^/]+\/(inbound|outbound|snapshots|optouts)(\/|$))/;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** Reads that give personal data of many at once. A test holds every GET of the API against this and the list below. */
export const bulkReads: ReadonlySet<string> = new Set([
  "/v1/kundeemner",
  "/v1/kundeemner/:id/kontaktpersoner",
  "/v1/erasures",
  "/v1/gdpr-requests",
  "/v1/gdpr/idle-leads",
  "/v1/gdpr/not-informed",
  "/v1/kundeemner/:id/bundle",
  "/v1/leads",
  "/v1/domain-contacts",
  "/v1/reviews",
  "/v1/quarantine",
  "/v1/lookups",
  "/v1/segments/:id/members",
  "/v1/segments/:id/refused",
  "/v1/campaigns/:id/members",
  "/v1/campaigns/:id/receipts",
  "/v1/exports/:id/records",
  "/v1/imports/:id/errors",
  "/v1/runs/:id/items",
  "/v1/aktiviteter",
  "/v1/opgaver",
  "/v1/tilbud",
  "/v1/noter",
]);

/**
 * Writes down who did what (S92): an act before it is done and again when it has ended, so that none is done without; a read of
 * many before it is answered. Nothing that was sent or read is kept, only ids, names of parameters and counts.
 */
export function audited(deps: ApiDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { method, path } = c.req;
    if (MACHINES.test(path)) return await next();
    if (method === "GET" || method === "HEAD") {
      await next();
      if (c.res.status < 400 && bulkReads.has(routePath(c, -1)))
        await addAuditEntry(deps.sql, {
          ...whoDoes(c),
          kind: "read",
          status: c.res.status,
          items: await countItems(c),
        });
      return;
    }
    const id = await addAuditEntry(deps.sql, { ...whoDoes(c), kind: "act" });
    await next();
    const made = c.res.status === 201 ? await idOfMade(c) : null;
    await endAuditEntry(deps.sql, id, c.res.status, made);
  };
}

function whoDoes(c: Context<ApiEnv>) {
  const { id, label } = c.get("caller");
  const ids = c.req.path.match(UUID) ?? [];
  return {
    keyId: id,
    actor: label,
    action: `${c.req.method} ${c.req.path.replaceAll(UUID, "{id}")}`,
    target: ids[0]?.toLowerCase() ?? null,
    asked: Object.keys(c.req.query()).sort(),
    traceId: c.get("traceId"),
  };
}

const isJson = (answer: Response): boolean =>
  answer.headers.get("content-type")?.startsWith("application/json") === true;

/** Null where the answer is a stream. */
async function countItems(c: Context<ApiEnv>): Promise<number | null> {
  if (!isJson(c.res)) return null;
  const body: unknown = await c.res.clone().json();
  const items = (body as { readonly items?: unknown }).items; // a list's answer
  return Array.isArray(items) ? items.length : null;
}

async function idOfMade(c: Context<ApiEnv>): Promise<string | null> {
  if (!isJson(c.res)) return null;
  const body = (await c.res.clone().json()) as { readonly id?: unknown; readonly meta?: { readonly id?: unknown } };
  const id = body.meta?.id ?? body.id;
  return typeof id === "string" && id.match(UUID)?.[0] === id ? id : null;
}
