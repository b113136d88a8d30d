import { createHmac, randomBytes } from "node:crypto";
import { type Answer, type DirectorySimulator, startDirectory } from "../directories/server.ts";

interface Member {
  readonly id: string;
  readonly email: string;
  name: string | null;
  subscribed: boolean;
  labels: { name: string }[];
  updated_at: string;
}

export interface Ghost extends DirectorySimulator {
  readonly adminKey: string;
  labelled(label: string): readonly string[];
  member(address: string): Member;
  unsubscribe(address: string): void;
  /** Somebody else's label. */
  label(address: string, name: string): void;
}

const fault = (status: number, type: string): Answer => ({ status, body: { errors: [{ message: type, type }] } });

/** Ghost's Admin API v5, as far as audiences need it. */
export async function startGhost(): Promise<Ghost> {
  const [id, secret] = [randomBytes(12).toString("hex"), randomBytes(32).toString("hex")];
  const members = new Map<string, Member>();
  const now = () => new Date().toISOString().replace(/\.\d+Z$/, ".000Z");

  function isGenuine(authorization = ""): boolean {
    const [head = "", claims = "", signature = ""] = authorization.replace(/^Ghost /, "").split(".");
    const expected = createHmac("sha256", Buffer.from(secret, "hex")).update(`${head}.${claims}`).digest("base64url");
    if (signature !== expected) return false;
    const { kid } = JSON.parse(Buffer.from(head, "base64url").toString());
    const { aud, exp, iat } = JSON.parse(Buffer.from(claims, "base64url").toString());
    return kid === id && aud === "/admin/" && exp - iat <= 300 && exp > Date.now() / 1000;
  }

  function listed(query: URLSearchParams): Answer {
    const limit = Number(query.get("limit") ?? 15);
    const page = Number(query.get("page") ?? 1);
    if (limit > 100) return fault(422, "ValidationError");
    const parts = (query.get("filter") ?? "").match(/(?:[^+']|'(?:\\.|[^'])*')+/g) ?? [];
    const fits = (member: Member): boolean =>
      parts.every((part) => {
        const text = /'(.*)'$/.exec(part)?.[1]?.replace(/\\(.)/g, "$1") ?? "";
        if (part.startsWith("email:")) return member.email === text;
        if (part === "subscribed:false") return !member.subscribed;
        if (part.startsWith("updated_at:>"))
          return Date.parse(member.updated_at) > Date.parse(`${text.replace(" ", "T")}Z`);
        throw new Error(`An unknown filter: ${part}`);
      });
    const found = [...members.values()].filter(fits);
    const next = page * limit < found.length ? page + 1 : null;
    return {
      body: { members: found.slice((page - 1) * limit, page * limit), meta: { pagination: { page, limit, next } } },
    };
  }

  const server = await startDirectory(({ method, path, query, headers, body }) => {
    if (!isGenuine(headers.authorization)) return fault(401, "UnauthorizedError");
    if (headers["accept-version"] !== "v5.0") return fault(406, "RequestNotAcceptableError");
    const base = "/ghost/api/admin/members/";
    if (method === "GET" && path === base) return listed(query);
    const [wish] = body === "" ? [] : (JSON.parse(body) as { members: Partial<Member>[] }).members;
    if (method === "POST" && path === base) {
      const email = String(wish?.email ?? "").toLowerCase();
      if (!/^[^@]+@[^@]+$/.test(email) || email.startsWith("bad") || members.has(email))
        return fault(422, "ValidationError");
      const rest = { name: wish?.name ?? null, labels: wish?.labels ?? [], subscribed: true, updated_at: now() };
      members.set(email, { id: randomBytes(12).toString("hex"), email, ...rest });
      return { status: 201, body: { members: [members.get(email)] } };
    }
    const known = [...members.values()].find((each) => path === `${base}${each.id}/`);
    if (method !== "PUT" || known === undefined) return fault(404, "NotFoundError");
    Object.assign(known, wish, { updated_at: now() });
    return { body: { members: [known] } };
  });
  const get = (address: string): Member => {
    const found = members.get(address.toLowerCase());
    if (found === undefined) throw new Error("Nobody has this address here");
    return found;
  };
  return {
    ...server,
    adminKey: `${id}:${secret}`,
    labelled: (label) =>
      [...members.values()]
        .filter(({ labels }) => labels.some(({ name }) => name.startsWith(label)))
        .map(({ email }) => email)
        .toSorted(),
    member: get,
    unsubscribe(address) {
      Object.assign(get(address), { subscribed: false, updated_at: now() });
    },
    label: (address, name) => void get(address).labels.push({ name }),
  };
}
