import { randomBytes } from "node:crypto";
import { type Answer, type DirectorySimulator, startDirectory } from "../directories/server.ts";

interface Contact {
  readonly id: number;
  readonly email: string;
  readonly createdAt: string;
  modifiedAt: string;
  emailBlacklisted: boolean;
  attributes: Record<string, unknown>;
  readonly listIds: Set<number>;
}

export interface Brevo extends DirectorySimulator {
  readonly apiKey: string;
  /** Addresses on the list of a name that begins so, in order. */
  onList(name: string): readonly string[];
  contact(address: string): { readonly emailBlacklisted: boolean; readonly attributes: Record<string, unknown> };
  unsubscribe(address: string): void;
  refuse(address: string): void;
}

const fault = (status: number, code: string, message: string = code): Answer => ({ status, body: { code, message } });

/** Brevo's API v3, as far as audiences need it. */
export async function startBrevo(): Promise<Brevo> {
  const apiKey = `xkeysib-${randomBytes(16).toString("hex")}`;
  const contacts = new Map<string, Contact>();
  const lists = new Map<number, string>();
  const refused = new Set<string>();
  const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const shown = ({ listIds, ...contact }: Contact) => ({ ...contact, smsBlacklisted: false, listIds: [...listIds] });

  function create(body: string): Answer {
    const { email = "", attributes = {}, updateEnabled = false, ...others } = JSON.parse(body);
    const address = String(email).toLowerCase();
    if (refused.has(address) || !address.includes("@"))
      return fault(400, "invalid_parameter", `Invalid email ${email}`);
    if ("emailBlacklisted" in others) throw new Error("Nobody may set this");
    const known = contacts.get(address);
    if (known !== undefined && !updateEnabled) return fault(400, "duplicate_parameter");
    if (known !== undefined) {
      Object.assign(known.attributes, attributes);
      return { status: 204, text: "" };
    }
    const id = contacts.size + 1;
    const times = { createdAt: now(), modifiedAt: now() };
    contacts.set(address, { id, email: address, ...times, emailBlacklisted: false, attributes, listIds: new Set() });
    return { status: 201, body: { id } };
  }

  function relate(act: "add" | "remove", list: number, body: string): Answer {
    const { emails } = JSON.parse(body) as { emails: string[] };
    if (emails.length > 150) return fault(400, "invalid_parameter");
    const fits = emails.filter((each) => {
      const known = contacts.get(each.toLowerCase());
      return known !== undefined && known.listIds.has(list) === (act === "remove");
    });
    if (fits.length === 0)
      return fault(
        400,
        "invalid_parameter",
        `Contact already ${act === "add" ? "in" : "removed from"} list and/or does not exist`,
      );
    for (const each of fits) {
      const known = contacts.get(each.toLowerCase());
      if (act === "add") known?.listIds.add(list);
      else known?.listIds.delete(list);
    }
    const failure = emails.filter((each) => !fits.includes(each));
    return { status: 201, body: { contacts: { success: fits, failure } } };
  }

  const server = await startDirectory(({ method, path, query, headers, body }) => {
    if (headers["api-key"] !== apiKey) return fault(401, "unauthorized");
    const offset = Number(query.get("offset") ?? 0);
    const limit = Number(query.get("limit") ?? 50);
    if (path === "/account") return { body: { email: "ejer@firma.dk" } };
    if (path === "/contacts/lists" && method === "POST") {
      const id = lists.size + 7;
      lists.set(id, String(JSON.parse(body).name));
      return { status: 201, body: { id } };
    }
    if (path === "/contacts/lists") {
      if (limit > 50) return fault(400, "out_of_range");
      const all = [...lists].map(([id, name]) => ({ id, name, folderId: 1 })).reverse();
      return { body: { lists: all.slice(offset, offset + limit), count: all.length } };
    }
    const [, list = "", act] = /^\/contacts\/lists\/(\d+)\/contacts\/(add|remove)$/.exec(path) ?? [];
    if (act === "add" || act === "remove")
      return lists.has(Number(list)) ? relate(act, Number(list), body) : fault(404, "document_not_found");
    if (path === "/contacts" && method === "POST") return create(body);
    if (path === "/contacts") {
      const since = Date.parse(query.get("modifiedSince") ?? "") || 0;
      const found = [...contacts.values()].filter(({ modifiedAt }) => Date.parse(modifiedAt) >= since);
      return { body: { contacts: found.slice(offset, offset + limit).map(shown), count: found.length } };
    }
    const known = contacts.get(decodeURIComponent(path.replace("/contacts/", "")).toLowerCase());
    return known === undefined ? fault(404, "document_not_found") : { body: shown(known) };
  });
  const get = (address: string): Contact => {
    const found = contacts.get(address.toLowerCase());
    if (found === undefined) throw new Error("Nobody has this address here");
    return found;
  };
  return {
    ...server,
    apiKey,
    onList: (name) =>
      [...contacts.values()]
        .filter(({ listIds }) => [...listIds].some((id) => lists.get(id)?.startsWith(name)))
        .map(({ email }) => email)
        .toSorted(),
    contact: get,
    unsubscribe(address) {
      const contact = get(address);
      contact.emailBlacklisted = true;
      contact.modifiedAt = now();
    },
    refuse: (address) => void refused.add(address.toLowerCase()),
  };
}
