import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { Agent, type Dispatcher } from "undici";
import { RejectedError } from "../lib/errors.ts";
import { retryAfterMs } from "../lib/http.ts";
import type { Log } from "../lib/log.ts";
import { isPublicAddress, publicLookup } from "../lib/public-address.ts";
import type { Sealer } from "../lib/secrets.ts";
import { signedHeaders } from "../lib/standard-webhooks.ts";
import type { Sql } from "../store/database.ts";
import { type FeedEntry, numberBatches, readFeedBounds, readFeedEntries } from "../store/feed.ts";
import {
  addWebhook,
  advanceWebhook,
  disableWebhook,
  leaseWebhooks,
  restWebhook,
  type Webhook,
} from "../store/webhooks.ts";

export interface WebhookDeps {
  readonly sql: Sql;
  readonly log: Log;
  readonly seal: Sealer;
  readonly newId: () => string;
  readonly now: () => Date;
  readonly http: WebhookHttp;
  /** Tells the owner that a receiver was given up. */
  readonly alert: (text: string, ids: { readonly webhook: string }) => Promise<void>;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
}

/** How receivers are called; made once. */
export interface WebhookHttp {
  readonly dispatcher: Dispatcher;
  /** Also private addresses and plain http: for tests and for receivers in one's own network. */
  readonly allowPrivate: boolean;
  close(): Promise<void>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Waits after each failed try (Standard Webhooks' example); after the last the receiver is disabled. */
const WAITS_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const TIMEOUT_MS = 15 * SECOND;
const LEASE_MS = 5 * MINUTE;
const EVENTS_A_TURN = 200;
const RECEIVERS_A_TURN = 20;
const JITTER = 0.1;

export function createWebhookHttp({ allowPrivate = false }: { readonly allowPrivate?: boolean } = {}): WebhookHttp {
  const dispatcher = new Agent({
    connections: 4,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    maxResponseSize: 64 * 1024,
    connect: { timeout: TIMEOUT_MS, ...(allowPrivate ? {} : { lookup: publicLookup }) },
  });
  return { dispatcher, allowPrivate, close: () => dispatcher.destroy() };
}

/**
 * Registers a receiver from the end of the feed on. Returns its secret (`whsec_…`) this once. Throws RejectedError
 * `not_allowed` for an address that must not be called.
 */
export async function addEventWebhook(deps: WebhookDeps, url: string): Promise<{ webhook: Webhook; secret: string }> {
  assertCallable(url, deps.http.allowPrivate);
  await numberBatches(deps.sql);
  const { epoch, last } = await readFeedBounds(deps.sql);
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const sealedSecret = deps.seal.seal(secret);
  const webhook = await addWebhook(deps.sql, { id: deps.newId(), url, sealedSecret, epoch, position: last });
  return { webhook, secret };
}

/**
 * Sends what is new in the feed to each receiver whose time has come, event by event in order; a receiver that fails
 * waits and holds up nobody else. Safe to run at once in several processes and again: `webhook-id` is the same for the
 * same event. Returns how many events were taken.
 */
export async function sendEvents(deps: WebhookDeps): Promise<number> {
  await numberBatches(deps.sql);
  const bounds = await readFeedBounds(deps.sql);
  const due = await leaseWebhooks(deps.sql, bounds.last, bounds.epoch, LEASE_MS, RECEIVERS_A_TURN);
  const counts = await Promise.all(due.map((webhook) => sendTo(deps, webhook, bounds)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function sendTo(
  deps: WebhookDeps,
  webhook: Webhook,
  bounds: { readonly epoch: number; readonly floor: number },
): Promise<number> {
  if (webhook.epoch !== bounds.epoch || webhook.position < bounds.floor) {
    await giveUp(deps, webhook, "The feed is no longer kept from where this receiver stopped; take a snapshot");
    return 0;
  }
  const secret = deps.seal.open(webhook.sealedSecret);
  const entries = await readFeedEntries(deps.sql, webhook.position, EVENTS_A_TURN);
  const until = performance.now() + LEASE_MS - 2 * TIMEOUT_MS;
  let sent = 0;
  for (const entry of entries) {
    if (performance.now() > until) break;
    const outcome = await post(deps, webhook, secret, entry);
    if (outcome.kind !== "taken") {
      await afterFailure(deps, { ...webhook, tries: sent === 0 ? webhook.tries : 0 }, outcome);
      return sent;
    }
    sent += 1;
    await advanceWebhook(deps.sql, webhook.id, entry.number);
  }
  await restWebhook(deps.sql, webhook.id, 0, null);
  return sent;
}

type Outcome =
  | { readonly kind: "taken" }
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly why: string; readonly waitMs: number | undefined };

async function post(deps: WebhookDeps, webhook: Webhook, secret: string, entry: FeedEntry): Promise<Outcome> {
  const body = JSON.stringify(eventOf(entry));
  const id = `msg_${webhook.epoch}_${entry.number}_${webhook.id}`;
  try {
    assertCallable(webhook.url, deps.http.allowPrivate);
    const { origin, pathname, search } = new URL(webhook.url);
    const answer = await deps.http.dispatcher.request({
      origin,
      path: pathname + search,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "Kobling",
        ...signedHeaders(secret, id, deps.now(), body),
      },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body.dump();
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { kind: "taken" };
    if (answer.statusCode === 410) return { kind: "gone" };
    const header = answer.headers["retry-after"];
    const waitMs = retryAfterMs(Array.isArray(header) ? header[0] : header, deps.now());
    return { kind: "failed", why: `answered ${answer.statusCode}`, waitMs };
  } catch (error) {
    // Which socket error it was is all that may be told: the message may hold the URL.
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return { kind: "failed", why: `no answer (${code})`, waitMs: undefined };
  }
}

async function afterFailure(
  deps: WebhookDeps,
  webhook: Webhook,
  outcome: Exclude<Outcome, { kind: "taken" }>,
): Promise<void> {
  if (outcome.kind === "gone") return await giveUp(deps, webhook, "The receiver answered 410 Gone");
  const wait = WAITS_MS[webhook.tries];
  if (wait === undefined) {
    return await giveUp(deps, webhook, `The receiver failed ${WAITS_MS.length + 1} times, last: ${outcome.why}`);
  }
  const spread = wait * (1 + JITTER * (2 * deps.random() - 1));
  const waitMs = Math.max(Math.round(spread), outcome.waitMs ?? 0);
  deps.log.debug("event.postponed", { webhook: webhook.id, tries: webhook.tries + 1, why: outcome.why, waitMs });
  await restWebhook(deps.sql, webhook.id, webhook.tries + 1, waitMs);
}

async function giveUp(deps: WebhookDeps, webhook: Webhook, reason: string): Promise<void> {
  await disableWebhook(deps.sql, webhook.id, reason);
  deps.log.warn("webhook.disabled", { webhook: webhook.id, reason });
  await deps.alert(`A webhook receiver was disabled: ${reason}`, { webhook: webhook.id });
}

/** Thin: who asks for values reads the record, and so needs the right to. */
const eventOf = (entry: FeedEntry) => ({
  type: `${entry.entity}.${entry.kind.replace(/[^a-zA-Z0-9_]/g, "_")}`,
  timestamp: entry.at,
  data: {
    id: entry.id,
    ...(entry.parentId === null ? {} : { kundeemneId: entry.parentId }),
    version: entry.version,
    fields: entry.fields,
  },
});

function assertCallable(text: string, allowPrivate: boolean): void {
  const url = URL.parse(text);
  const isHttp = url?.protocol === "https:" || (allowPrivate && url?.protocol === "http:");
  if (url === null || !isHttp || url.username !== "" || url.password !== "") {
    throw new RejectedError("not_allowed", "A receiver needs an https address without credentials in it", {
      context: { field: "url" },
    });
  }
  // A look-up is not asked for an address that is written out.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowPrivate && (host === "localhost" || (isIP(host) !== 0 && !isPublicAddress(host)))) {
    throw new RejectedError("not_allowed", "A receiver must be on a public address", { context: { field: "url" } });
  }
}
