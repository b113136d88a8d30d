import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { type Answer, type DirectorySimulator, startDirectory } from "../directories/server.ts";

type Status = "subscribed" | "unsubscribed" | "cleaned" | "pending";

interface Member {
  readonly email_address: string;
  status: Status;
  merge_fields: Record<string, unknown>;
  readonly tags: Set<string>;
  last_changed: string;
  unsubscribe_reason?: string;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operation_id?: string;
  readonly body?: string;
}

export interface Mailchimp extends DirectorySimulator {
  readonly apiKey: string;
  readonly list: string;
  /** Every operation that was carried out, in order. */
  readonly operations: readonly Operation[];
  member(address: string): Omit<Member, "tags"> & { readonly tags: readonly string[] };
  /** Who is subscribed and has a tag that begins so, in order. */
  tagged(tag: string): readonly string[];
  /** What somebody does there, or what happens to a message. */
  unsubscribe(address: string, reason?: string): void;
  clean(address: string): void;
  /** An address that it does not take. */
  refuse(address: string): void;
  /** Forgets all batches: their time is over. */
  forget(): void;
}

export interface MailchimpOptions {
  /** How often a batch is asked for before it is finished; 1 unless set. */
  readonly patience?: number;
}

const problem = (status: number, title: string): Answer => ({
  ...{ status, headers: { "content-type": "application/problem+json" } },
  body: { type: "https://mailchimp.com/developer/marketing/docs/errors/", title, status, detail: title, instance: "x" },
});

/** Mailchimp's Marketing API, as far as audiences need it: members by md5, tags, batches with their archive of results. */
export async function startMailchimp({ patience = 1 }: MailchimpOptions = {}): Promise<Mailchimp> {
  const apiKey = `${randomBytes(16).toString("hex")}-us21`;
  const list = "a1b2c3d4e5";
  const members = new Map<string, Member>();
  const refused = new Set<string>();
  const operations: Operation[] = [];
  const batches = new Map<string, { asked: number; total: number; errored: number; archive: Promise<Uint8Array> }>();
  const archives = new Map<string, Uint8Array>();
  const state = { tick: Date.now(), baseUrl: "" };
  const now = (): string => {
    state.tick = Math.max(Date.now(), state.tick + 1);
    return new Date(state.tick).toISOString().replace(/\.\d+Z$/, "+00:00");
  };
  const hashOf = (address: string) => createHash("md5").update(address.toLowerCase()).digest("hex");
  const shown = ({ tags, ...member }: Member) => ({
    ...member,
    ...{ id: hashOf(member.email_address), list_id: list, tags: [...tags].map((name, id) => ({ id, name })) },
  });

  function carryOut({ method, path, body = "{}" }: Operation): Answer {
    const [, of, hash = "", rest] = /^\/lists\/([^/]+)\/members\/([0-9a-f]{32})(\/tags)?$/.exec(path) ?? [];
    if (of !== list) return problem(404, "Resource Not Found");
    const read = JSON.parse(body) as Record<string, unknown>;
    const known = members.get(hash);
    if (method === "PUT" && rest === undefined) {
      const address = String(read.email_address ?? "");
      if (refused.has(address.toLowerCase()) || hashOf(address) !== hash) return problem(400, "Invalid Resource");
      if (known !== undefined) {
        const isLocked = known.status === "unsubscribed" || known.status === "cleaned";
        if (read.status !== undefined && isLocked) return problem(400, "Member In Compliance State");
        if (typeof read.status === "string") known.status = read.status as Status;
        known.merge_fields = { ...known.merge_fields, ...(read.merge_fields as object) };
        return { body: shown(known) };
      }
      if (typeof read.status_if_new !== "string") return problem(400, "Invalid Resource");
      const member: Member = {
        ...{
          email_address: address,
          status: read.status_if_new as Status,
          tags: new Set<string>(),
          last_changed: now(),
        },
        merge_fields: (read.merge_fields as Record<string, unknown> | undefined) ?? {},
      };
      members.set(hash, member);
      return { body: shown(member) };
    }
    if (method === "POST" && rest === "/tags") {
      if (known === undefined) return problem(404, "Resource Not Found");
      for (const { name, status } of read.tags as { name: string; status: string }[])
        if (status === "active") known.tags.add(name);
        else known.tags.delete(name);
      return { status: 204, text: "" };
    }
    return problem(405, "Method Not Allowed");
  }

  function batch(body: string): Answer {
    const asked = JSON.parse(body) as { operations: Operation[] };
    if (!Array.isArray(asked.operations) || asked.operations.length > 1000) return problem(400, "Invalid Resource");
    const results = asked.operations.map((operation) => {
      operations.push(operation);
      const { status = 200, body: answer = {}, text } = carryOut(operation);
      return {
        status_code: status,
        operation_id: operation.operation_id ?? "",
        response: text ?? JSON.stringify(answer),
      };
    });
    const id = randomBytes(5).toString("hex");
    const data = JSON.stringify(results);
    const file = { header: { name: `${id}/0.json`, size: Buffer.byteLength(data), type: "file" as const }, body: data };
    const archive = packTar([{ header: { name: `${id}/`, size: 0, type: "directory" as const } }, file]).then((tar) =>
      gzipSync(tar),
    );
    void archive.then((bytes) => archives.set(id, bytes));
    const errored = results.filter(({ status_code }) => status_code >= 400).length;
    batches.set(id, { asked: 0, total: results.length, errored, archive });
    return { body: shownBatch(id) };
  }

  function shownBatch(id: string) {
    const known = batches.get(id);
    if (known === undefined) return undefined;
    const isDone = known.asked >= patience && archives.has(id);
    known.asked += 1;
    return {
      ...{ id, status: isDone ? "finished" : "started", total_operations: known.total },
      ...{ finished_operations: isDone ? known.total : 0, errored_operations: isDone ? known.errored : 0 },
      ...{ submitted_at: now(), completed_at: isDone ? now() : "" },
      response_body_url: isDone ? `${state.baseUrl}/results/${id}.tar.gz?signature=abc` : "",
    };
  }

  const server = await startDirectory(({ method, path, query, headers, body }) => {
    const [, archive = ""] = /^\/results\/(\w+)\.tar\.gz$/.exec(path) ?? [];
    if (archive !== "") {
      const bytes = query.get("signature") === "abc" ? archives.get(archive) : undefined;
      return bytes === undefined ? { status: 403 } : { bytes, headers: { "content-type": "application/gzip" } };
    }
    if (path === "/_control/tagged") return { body: tagged(query.get("tag") ?? "") };
    const control = /^\/_control\/(unsubscribe|clean)$/.exec(path);
    if (control) {
      end(JSON.parse(body).address, control[1] === "clean" ? "cleaned" : "unsubscribed");
      return {};
    }
    const [, password] = Buffer.from(String(headers.authorization).replace(/^Basic /, ""), "base64")
      .toString()
      .split(":");
    if (password !== apiKey) return problem(401, "API Key Invalid");
    if (method === "GET" && path === "/3.0/ping") return { body: { health_status: "Everything's Chimpy!" } };
    if (method === "POST" && path === "/3.0/batches") return batch(body);
    const [, id = ""] = /^\/3\.0\/batches\/(\w+)$/.exec(path) ?? [];
    if (method === "GET" && id !== "") {
      const found = shownBatch(id);
      return found === undefined ? problem(404, "Resource Not Found") : { body: found };
    }
    if (method === "GET" && path === `/3.0/lists/${list}/members`) return listed(query);
    return problem(404, "Resource Not Found");
  });

  function listed(query: URLSearchParams): Answer {
    const since = Date.parse(query.get("since_last_changed") ?? "") || 0;
    const found = [...members.values()]
      .filter((each) => each.status === query.get("status") && Date.parse(each.last_changed) >= since)
      .toSorted((a, b) => a.last_changed.localeCompare(b.last_changed));
    const offset = Number(query.get("offset") ?? 0);
    const page = found.slice(offset, offset + Math.min(1000, Number(query.get("count") ?? 10)));
    return { body: { list_id: list, members: page.map(shown), total_items: found.length } };
  }

  function tagged(tag: string): string[] {
    return [...members.values()]
      .filter(({ status, tags }) => status === "subscribed" && [...tags].some((each) => each.startsWith(tag)))
      .map(({ email_address }) => email_address.toLowerCase())
      .toSorted();
  }

  function end(address: string, status: Status, reason?: string): void {
    const member = members.get(hashOf(address));
    if (member === undefined) throw new Error("Nobody has this address here");
    member.status = status;
    member.last_changed = now();
    if (reason !== undefined) member.unsubscribe_reason = reason;
  }
  state.baseUrl = server.baseUrl;

  return {
    ...server,
    ...{ apiKey, list, operations },
    member(address) {
      const found = members.get(hashOf(address));
      if (found === undefined) throw new Error("Nobody has this address here");
      return { ...found, tags: [...found.tags].toSorted() };
    },
    tagged,
    unsubscribe: (address, reason) => end(address, "unsubscribed", reason),
    clean: (address) => end(address, "cleaned"),
    refuse: (address) => void refused.add(address.toLowerCase()),
    forget: () => batches.clear(),
  };
}
