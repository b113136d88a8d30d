import { createRoute, z } from "@hono/zod-openapi";
import type { Archived } from "../../pipelines/archive.ts";
import { actorOf, given } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { getKundeemne } from "../get-kundeemne.ts";
import { etagOf, matchVersion } from "../if-match.ts";
import { Problem } from "../problems.ts";
import { wholeKundeemneSchema } from "../record-view.ts";
import { bodyProblems, idempotencyHeader, json, jsonBody, secured, uuidParam } from "../route.ts";
import { wholeOf } from "./kundeemner.ts";

const REASON_MAX = 200;
const request = {
  params: z.object({ id: uuidParam("id") }),
  headers: z.object({ ...idempotencyHeader.shape, "if-match": z.string().optional() }),
  body: jsonBody(z.strictObject({ reason: z.string().trim().min(1).max(REASON_MAX) }).openapi("ArchiveReason")),
};
const responses = {
  200: { ...json(wholeKundeemneSchema, "The record."), headers: z.object({ etag: z.string() }) },
  ...bodyProblems(404, 410, 412),
};

const archive = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/archive",
  tags: ["kundeemner"],
  summary: "Put a Kundeemne into the archive",
  description:
    "It leaves lists, search, selection and duplicate proposals, and is written by nobody; by id it can be read with its history, " +
    "activities and links. The balance of each linked debitor (with `archive.requireZeroKreditor` of each kreditor too) is read from " +
    "its ledger now: not zero in every currency is a 409 `balance_not_zero` with amount and currency, a ledger that does not tell is " +
    "a 409 `balance_unknown`. What is archived already stays as it is.",
  ...secured("write"),
  request,
  responses,
});

const unarchive = createRoute({
  method: "post",
  path: "/v1/kundeemner/{id}/unarchive",
  tags: ["kundeemner"],
  summary: "Take a Kundeemne out of the archive",
  description: "What its systems have changed meanwhile is decided first; then what they are owed goes out.",
  ...secured("write"),
  request,
  responses,
});

/** The archive (S68–S71). */
export function archiveRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(archive, async (c) => {
    const { id } = c.req.valid("param");
    const { reason } = c.req.valid("json");
    const ifVersion = matchVersion(c.req.header("if-match"), (await getKundeemne(deps, id)).version);
    refuse(await deps.gateway.archive({ id, reason, by: actorOf(c), ...given({ ifVersion }) }));
    const { view, version } = await wholeOf(deps, id, c.get("language"));
    return c.json(view, 200, { etag: etagOf(version) });
  });

  app.openapi(unarchive, async (c) => {
    const { id } = c.req.valid("param");
    const { reason } = c.req.valid("json");
    const ifVersion = matchVersion(c.req.header("if-match"), (await getKundeemne(deps, id)).version);
    await deps.gateway.unarchive({ id, reason, by: actorOf(c), ...given({ ifVersion }) });
    const { view, version } = await wholeOf(deps, id, c.get("language"));
    return c.json(view, 200, { etag: etagOf(version) });
  });
}

function refuse(archived: Archived): void {
  switch (archived.refused) {
    case "balance_not_zero": {
      const balances = archived.balances
        .map(({ connection, object, externalId, amount, currency }) =>
          [amount, currency, `(${connection}/${object} ${externalId})`].join(" "),
        )
        .join(", ");
      throw new Problem(409, "balance_not_zero", { facts: { balances }, extra: { balances: archived.balances } });
    }
    case "balance_unknown": {
      const accounts = archived.unknown
        .map(({ connection, object, externalId, why }) => `${connection}/${object} ${externalId} (${why})`)
        .join(", ");
      throw new Problem(409, "balance_unknown", { facts: { accounts }, extra: { accounts: archived.unknown } });
    }
  }
}
