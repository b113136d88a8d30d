import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { type DirectorySimulator, startDirectory } from "../directories/server.ts";

interface Added {
  readonly id: string;
  readonly address: string;
  readonly navn: string | null;
  readonly firmanavn: string | null;
}
interface Removed {
  readonly id: string;
  readonly address: string;
  readonly reason: string;
}

/** A message as it was taken, in order. */
export interface Taken {
  readonly webhookId: string;
  readonly campaign: string;
  readonly adds: readonly Added[];
  readonly removes: readonly Removed[];
}

export interface AudienceReceiver extends DirectorySimulator {
  /** Where it is to be posted. */
  readonly url: string;
  readonly secret: string;
  /** Everything that was taken; a repeat of a `webhook-id` is answered and not taken again. */
  readonly taken: readonly Taken[];
  readonly repeats: readonly string[];
  /** Addresses of a campaign's audience, in lower case and order. */
  members(campaign: string): readonly string[];
  /** An address that it does not take. */
  refuse(address: string, code: string): void;
  /** Somebody said no here: the receiver says so when it is handed the address. */
  optOut(address: string): void;
  /** From now on it knows this secret only. */
  changeSecret(secret: string): void;
}

const TOLERANCE_SECONDS = 300;

/** A campaign tool of somebody's own that takes signed messages (Standard Webhooks) with or without a CloudEvents envelope. */
export async function startReceiver(): Promise<AudienceReceiver> {
  const state = { secret: `whsec_${randomBytes(32).toString("base64")}` };
  const first = state.secret;
  const taken: Taken[] = [];
  const repeats: string[] = [];
  const audiences = new Map<string, Map<string, string>>();
  const refused = new Map<string, string>();
  const optedOut = new Set<string>();
  const server = await startDirectory(({ method, path, headers, body }) => {
    if (method !== "POST" || path !== "/audience") return { status: 404 };
    if (!isGenuine(state.secret, headers, body)) return { status: 401, body: { error: "signature" } };
    const webhookId = String(headers["webhook-id"]);
    const message = readMessage(headers, body);
    if (message === undefined) return { status: 400 };
    if (message.type.endsWith("audience.ping")) return {};
    const { campaign, adds, removes } = message.data;
    const said = {
      refused: adds.flatMap(({ id, address }) => {
        const code = refused.get(address.toLowerCase());
        return code === undefined ? [] : [{ id, code }];
      }),
      optedOut: adds.filter(({ address }) => optedOut.has(address.toLowerCase())).map(({ id }) => ({ id })),
    };
    if (taken.some((each) => each.webhookId === webhookId)) {
      repeats.push(webhookId);
      return { body: said };
    }
    taken.push({ webhookId, campaign: campaign.id, adds, removes });
    const members = audiences.get(campaign.id) ?? new Map<string, string>();
    audiences.set(campaign.id, members);
    const out = new Set([...said.refused, ...said.optedOut].map(({ id }) => id));
    for (const { id, address } of adds) if (!out.has(id)) members.set(address.toLowerCase(), id);
    for (const { address } of removes) members.delete(address.toLowerCase());
    return { body: said };
  });
  return {
    ...server,
    url: `${server.baseUrl}/audience`,
    secret: first,
    taken,
    repeats,
    members: (campaign) => [...(audiences.get(campaign)?.keys() ?? [])].toSorted(),
    refuse: (address, code) => void refused.set(address.toLowerCase(), code),
    optOut: (address) => void optedOut.add(address.toLowerCase()),
    changeSecret: (secret) => {
      state.secret = secret;
    },
  };
}

interface Message {
  readonly type: string;
  readonly data: {
    readonly campaign: { readonly id: string };
    readonly adds: readonly Added[];
    readonly removes: readonly Removed[];
  };
}

/** The plain form, or a structured CloudEvent whose id is the message's. */
function readMessage(headers: IncomingHttpHeaders, body: string): Message | undefined {
  const read = JSON.parse(body) as Message & { specversion?: string; id?: string; source?: string };
  if (!headers["content-type"]?.startsWith("application/cloudevents+json")) return read;
  const isEvent = read.specversion === "1.0" && read.id === headers["webhook-id"] && read.source !== undefined;
  return isEvent ? read : undefined;
}

/** One of the signatures fits, and the message is of now. */
function isGenuine(secret: string, headers: IncomingHttpHeaders, body: string): boolean {
  const seconds = Number(headers["webhook-timestamp"]);
  if (!(Math.abs(Date.now() / 1000 - seconds) < TOLERANCE_SECONDS)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${headers["webhook-id"]}.${seconds}.${body}`).digest();
  return String(headers["webhook-signature"])
    .split(" ")
    .some((each) => {
      const given = Buffer.from(each.replace(/^v1,/, ""), "base64");
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
}
