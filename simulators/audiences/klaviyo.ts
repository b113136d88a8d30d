import { createHmac, randomBytes } from "node:crypto";
import { type Answer, type DirectorySimulator, startDirectory } from "../directories/server.ts";

interface Profile {
  readonly id: string;
  readonly attributes: Record<string, unknown>;
  updated: string;
  consent: string;
  suppression: { reason: string; timestamp: string }[];
}

export interface Klaviyo extends DirectorySimulator {
  readonly apiKey: string;
  readonly webhookSecret: string;
  /** Addresses on the list of a name that begins so, in order. */
  onList(name: string): readonly string[];
  profile(address: string): Record<string, unknown>;
  unsubscribe(address: string): void;
  suppress(address: string, reason: string): void;
  refuse(address: string): void;
  /** A notice, as it signs it. */
  notice(at?: Date): { readonly body: string; readonly headers: Record<string, string> };
}

const fault = (status: number, code: string): Answer => ({
  status,
  body: { errors: [{ id: "x", status, code, title: code, detail: code, source: { pointer: "/data" } }] },
});

/** Klaviyo's API of revision 2026-07-15, as far as audiences need it. */
export async function startKlaviyo(): Promise<Klaviyo> {
  const apiKey = `pk_${randomBytes(16).toString("hex")}`;
  const webhookSecret = randomBytes(16).toString("hex");
  const profiles = new Map<string, Profile>();
  const lists = new Map<string, { name: string; members: Set<string> }>();
  const refused = new Set<string>();
  const now = () => new Date().toISOString().replace(/\.\d+Z$/, "+00:00");
  const byId = (id: string) => [...profiles.values()].find((each) => each.id === id);

  const shown = (profile: Profile, withSubscriptions: boolean) => ({
    ...{ type: "profile", id: profile.id },
    attributes: {
      ...{ ...profile.attributes, updated: profile.updated },
      ...(withSubscriptions && {
        subscriptions: {
          email: {
            marketing: {
              can_receive_email_marketing: profile.suppression.length === 0,
              ...{ consent: profile.consent, last_updated: profile.updated, suppression: profile.suppression },
            },
          },
        },
      }),
    },
  });

  function listed(query: URLSearchParams, baseUrl: string): Answer {
    const size = Number(query.get("page[size]") ?? 20);
    if (size > 100) return fault(400, "invalid");
    const filter = query.get("filter") ?? "";
    const wanted = /^any\(email,(\[.*\])\)$/.exec(filter)?.[1];
    const since = /^greater-than\(updated,(.*)\)$/.exec(filter)?.[1];
    if (filter !== "" && wanted === undefined && since === undefined) return fault(400, "invalid_filter");
    const addresses = wanted === undefined ? undefined : (JSON.parse(wanted) as string[]);
    const found = [...profiles.entries()]
      .filter(([address, each]) =>
        addresses === undefined
          ? since === undefined || Date.parse(each.updated) > Date.parse(since)
          : addresses.includes(address),
      )
      .map(([, each]) => each);
    const from = Number(query.get("page[cursor]") ?? 0);
    const withSubscriptions = query.get("additional-fields[profile]") === "subscriptions";
    const self = `${baseUrl}/api/profiles`;
    const next =
      from + size < found.length
        ? { next: `${self}?${new URLSearchParams({ "page[cursor]": String(from + size) })}` }
        : {};
    return {
      body: {
        data: found.slice(from, from + size).map((each) => shown(each, withSubscriptions)),
        links: { self, ...next },
      },
    };
  }

  function imported(body: string): Answer {
    const { attributes } = (JSON.parse(body) as { data: { attributes: Record<string, unknown> } }).data;
    const address = String(attributes.email ?? "").toLowerCase();
    if (address === "" || refused.has(address)) return fault(400, "invalid");
    const known = profiles.get(address);
    const profile: Profile = known ?? {
      ...{
        id: randomBytes(10).toString("hex"),
        attributes: {},
        updated: now(),
        consent: "NEVER_SUBSCRIBED",
        suppression: [],
      },
    };
    Object.assign(profile.attributes, attributes);
    profiles.set(address, profile);
    return { status: known === undefined ? 201 : 200, body: { data: shown(profile, false) } };
  }

  const state = { baseUrl: "" };
  const server = await startDirectory(({ method, path, query, headers, body }) => {
    if (headers.authorization !== `Klaviyo-API-Key ${apiKey}`) return fault(401, "not_authenticated");
    if (headers.revision !== "2026-07-15") return fault(400, "invalid_revision");
    if (body !== "" && headers["content-type"] !== "application/vnd.api+json")
      return fault(415, "unsupported_media_type");
    if (method === "GET" && path === "/api/accounts") return { body: { data: [] } };
    if (path === "/api/lists") {
      if (method === "POST") {
        const id = randomBytes(3).toString("hex");
        lists.set(id, { name: JSON.parse(body).data.attributes.name, members: new Set() });
        return { status: 201, body: { data: { type: "list", id, attributes: { name: lists.get(id)?.name } } } };
      }
      const name = JSON.parse(/^equals\(name,(.*)\)$/.exec(query.get("filter") ?? "")?.[1] ?? '""') as string;
      const found = [...lists].filter(([, each]) => each.name === name);
      return {
        body: { data: found.map(([id]) => ({ type: "list", id, attributes: { name } })), links: { self: "x" } },
      };
    }
    if (method === "GET" && path === "/api/profiles") return listed(query, state.baseUrl);
    if (method === "POST" && path === "/api/profile-import") return imported(body);
    const list = lists.get(/^\/api\/lists\/(\w+)\/relationships\/profiles$/.exec(path)?.[1] ?? "");
    if (list === undefined) return fault(404, "not_found");
    const ids = (JSON.parse(body) as { data: { id: string }[] }).data.map(({ id }) => id);
    if (ids.length > 1000 || ids.some((id) => byId(id) === undefined)) return fault(400, "invalid");
    for (const id of ids)
      if (method === "POST") list.members.add(id);
      else list.members.delete(id);
    return { status: 204, text: "" };
  });
  state.baseUrl = server.baseUrl;
  const get = (address: string): Profile => {
    const found = profiles.get(address.toLowerCase());
    if (found === undefined) throw new Error("Nobody has this address here");
    return found;
  };
  return {
    ...server,
    ...{ apiKey, webhookSecret },
    onList: (name) =>
      [...lists.values()]
        .filter((each) => each.name.startsWith(name))
        .flatMap(({ members }) => [...members].map((id) => String(byId(id)?.attributes.email).toLowerCase()))
        .toSorted(),
    profile: (address) => ({ ...get(address).attributes, consent: get(address).consent }),
    unsubscribe(address) {
      const profile = get(address);
      profile.consent = "UNSUBSCRIBED";
      profile.updated = now();
    },
    suppress(address, reason) {
      const profile = get(address);
      profile.updated = now();
      profile.suppression = [...profile.suppression, { reason, timestamp: now() }];
    },
    refuse: (address) => void refused.add(address.toLowerCase()),
    notice(at = new Date()) {
      const body = JSON.stringify({ data: [{ topic: "event:klaviyo.unsubscribed_from_email_marketing" }] });
      const stamp = String(Math.floor(at.getTime() / 1000));
      const signature = createHmac("sha256", webhookSecret)
        .update(body + stamp)
        .digest("hex");
      return { body, headers: { "klaviyo-signature": signature, "klaviyo-timestamp": stamp } };
    },
  };
}
