import { SignJWT } from "jose";
import { RejectedError } from "../../lib/errors.ts";
import { type HttpAnswer, type HttpRequest, httpClient } from "../../lib/http.ts";
import type { AudienceAdd, AudienceBatch, AudienceClient, AudienceReceipt, OptOutPage } from "../audience.ts";
import type { ConnectDeps } from "../connector.ts";
import type { Settings } from "./settings.ts";
import { type Member, membersSchema } from "./wire.ts";

const VERSION = "v5.0";
const TIMEOUT_MS = 20_000;
const PAGE = 100;
const TOKEN_SECONDS = 300;
/** The clocks of both sides may differ; who was read already is known. */
const OVERLAP_MS = 5 * 60_000;
const MEMBERS = "GET members";

/** Calls to Ghost's Admin API. A campaign is a label; nobody's newsletters are touched once they are a member. */
export function ghostClient({ url, adminKey }: Settings, deps: ConnectDeps): AudienceClient {
  const [keyId = "", secret = ""] = adminKey.split(":");
  deps.secret(secret);
  const { request, close } = httpClient({
    ...{ baseUrl: new URL("ghost/api/admin", `${url.replace(/\/+$/, "")}/`).href, timeoutMs: TIMEOUT_MS },
    ...{ clock: deps.clock, headers: { "accept-version": VERSION } },
  });

  async function call(wanted: HttpRequest): Promise<HttpAnswer> {
    const seconds = Math.floor(deps.clock.now().getTime() / 1000);
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: keyId })
      .setAudience("/admin/")
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + TOKEN_SECONDS)
      .sign(Buffer.from(secret, "hex"));
    return await request({ ...wanted, headers: { authorization: `Ghost ${token}` } });
  }

  async function list(query: NonNullable<HttpRequest["query"]>) {
    const answer = await call({ method: "GET", template: MEMBERS, path: "/members/", query });
    const parsed = membersSchema.safeParse(answer.json());
    if (parsed.success) return parsed.data;
    throw new RejectedError("bad_answer", "Ghost's answer has another shape than expected", {
      context: { request: MEMBERS },
    });
  }

  const find = async (address: string): Promise<Member | undefined> =>
    (await list({ filter: `email:${quoted(address)}`, include: "labels,newsletters", limit: 1 })).members[0];

  /** Ghost takes the whole list of a member's labels. */
  const setLabels = (id: string, labels: readonly string[]): Promise<HttpAnswer> =>
    call({
      ...{ method: "PUT", template: "PUT members/{id}", path: `/members/${encodeURIComponent(id)}/` },
      json: { members: [{ labels: labels.map((name) => ({ name })) }] },
    });

  async function add({ key, address, navn }: AudienceAdd, label: string): Promise<AudienceReceipt | undefined> {
    const member = await find(key);
    if (member !== undefined) {
      if (isGone(member)) return { key, outcome: "opted_out", at: instant(member.updated_at, deps) };
      const labels = member.labels.map(({ name }) => name);
      if (!labels.includes(label)) await setLabels(member.id, [...labels, label]);
      return undefined;
    }
    const wish = { email: address, labels: [{ name: label }], ...(navn === null ? {} : { name: navn }) };
    const answer = await call({
      ...{ method: "POST", template: "POST members", path: "/members/", json: { members: [wish] }, expect: [422] },
    });
    return answer.status === 422 ? { key, outcome: "refused", code: "validation_error" } : undefined;
  }

  async function remove(key: string, label: string): Promise<void> {
    const member = await find(key);
    const labels = member?.labels.map(({ name }) => name) ?? [];
    if (member === undefined || !labels.includes(label)) return;
    await setLabels(
      member.id,
      labels.filter((name) => name !== label),
    );
  }

  return {
    async discover() {
      await list({ limit: 1 });
    },

    async send({ campaign, adds, removes }) {
      const label = labelOf(campaign);
      for (const { key } of removes) await remove(key, label);
      const receipts: AudienceReceipt[] = [];
      for (const each of adds) {
        const receipt = await add(each, label);
        if (receipt !== undefined) receipts.push(receipt);
      }
      return { kind: "receipts", receipts };
    },

    async *optOuts(cursor): AsyncIterable<OptOutPage> {
      const next = new Date(deps.clock.now().getTime() - OVERLAP_MS).toISOString();
      const since = cursor === null ? "" : `+updated_at:>${quoted(cursor.slice(0, 19).replace("T", " "))}`;
      for (let page = 1; ; page += 1) {
        const query = { filter: `subscribed:false${since}`, order: "updated_at asc", limit: PAGE, page };
        const { members, meta } = await list(query);
        const isLast = members.length === 0 || !meta?.pagination.next;
        const optOuts = members.map(({ email, updated_at }) => ({
          ...({ address: email, channel: "email", kind: "withdrawn", isStanding: true } as const),
          at: instant(updated_at, deps),
        }));
        yield { optOuts, cursor: isLast ? next : cursor };
        if (isLast) return;
      }
    },

    close,
  };
}

/** Subscribed to no newsletter any more. */
const isGone = ({ subscribed, newsletters }: Member): boolean =>
  subscribed === false || (subscribed === undefined && newsletters?.length === 0);

const labelOf = ({ id, name }: AudienceBatch["campaign"]): string => `${name.slice(0, 80)} (${id.slice(-8)})`;

/** A text of Ghost's filter language. */
const quoted = (text: string): string => `'${text.replace(/['\\]/g, (sign) => `\\${sign}`)}'`;

/** Whole seconds may be any moment of that one, and of those the last ends most. */
function instant(text: string | null | undefined, deps: ConnectDeps): string {
  const at = Date.parse(text ?? "");
  if (Number.isNaN(at)) return deps.clock.now().toISOString();
  return new Date(at % 1000 === 0 ? at + 999 : at).toISOString();
}
