import { ConnectionError, RejectedError, StaleError } from "../../lib/errors.ts";
import { type HttpAnswer, httpClient } from "../../lib/http.ts";
import type { Mapping, RemoteImage } from "../../mappings/mapping.ts";
import type {
  Capabilities,
  Client,
  ConnectDeps,
  Gone,
  ObjectCapabilities,
  Page,
  RemoteObject,
  Write,
  WriteAnswer,
} from "../connector.ts";
import { jsonOf, signedCalls, uncertainAnswer } from "./session.ts";
import type { Settings } from "./settings.ts";
import { type Functions, functionsSchema, idIn, isImage, objectBounds } from "./wire.ts";

const PAGE_SIZE = 500;
/** All accounts come in one answer. */
const LIST_BYTES = 256 * 1024 * 1024;
const LIST_TIMEOUT_MS = 120_000;
const CALL_TIMEOUT_MS = 15_000;

/** 404, or a body that names the new number: renumbered, merged (what an installation tells differs). */
const MISSING = [301, 308, 404, 410] as const;
const REFUSED = [400, 405, 409, 422] as const;

/** Calls to one KeyBalance installation. Paging, filters, locks and idempotency keys are not documented, so none is used. */
export function keybalanceClient(settings: Settings, deps: ConnectDeps): Client {
  const { request, close } = httpClient({
    baseUrl: settings.baseUrl,
    timeoutMs: CALL_TIMEOUT_MS,
    maxBytes: LIST_BYTES,
    clock: deps.clock,
  });
  const call = signedCalls(settings, request, deps);

  const mappingOf = (object: string): Mapping => {
    const mapping = deps.mappings[object];
    if (mapping === undefined) throw new Error(`No mapping of ${object}`);
    return mapping;
  };

  async function functions(): Promise<Functions> {
    const answer = await call({ method: "GET", template: "GET functions", below: "", expect: [404] });
    const read = answer.status === 404 ? undefined : functionsSchema.safeParse(jsonOf(answer));
    if (read?.success) return read.data;
    throw new ConnectionError("bad_settings", "The base URL does not answer with KeyBalance's list of functions", {
      context: { status: answer.status },
    });
  }

  /** A missing function answers like a missing object; taking the one for the other would unlink everything. */
  async function makeSureOffered(remote: string): Promise<void> {
    if ((await functions())[remote] === undefined) throw switchedOff(remote, 404);
  }

  async function gone(answer: HttpAnswer, mapping: Mapping, externalId: string): Promise<Gone> {
    const body = jsonOf(answer);
    const replacedBy = isImage(body) ? idIn(body, mapping.key) : undefined;
    if (replacedBy !== undefined && replacedBy !== externalId) return { gone: true, replacedBy };
    if (answer.status < 400) {
      const context = { status: answer.status };
      throw new ConnectionError("redirected", "KeyBalance answers from another address", { context });
    }
    await makeSureOffered(mapping.remote);
    return { gone: true };
  }

  async function* pages(remote: string, key: string): AsyncIterable<Page> {
    const template = `GET ${remote}`;
    const expect = [404, 405];
    const answer = await call({ method: "GET", template, below: remote, timeoutMs: LIST_TIMEOUT_MS, expect });
    if (answer.status >= 400) throw switchedOff(remote, answer.status);
    const { text, times } = answer;
    const bounds = objectBounds(text);
    for (let at = 0; at === 0 || at < bounds.length; at += 2 * PAGE_SIZE) {
      const objects: RemoteObject[] = [];
      const end = Math.min(at + 2 * PAGE_SIZE, bounds.length);
      for (let each = at; each < end; each += 2) {
        objects.push(objectOf(text.slice(bounds[each], bounds[each + 1]), remote, key));
      }
      yield { objects, times, whole: true, ...(end < bounds.length ? { cursor: String(end / 2) } : {}) };
    }
  }

  async function write(
    method: "POST" | "PUT",
    mapping: Mapping,
    below: string,
    body: Write["body"],
  ): Promise<WriteAnswer> {
    const template = method === "POST" ? `POST ${mapping.remote}` : `PUT ${mapping.remote}/{id}`;
    const answer = await call({ method, template, below, json: body, expect: [...REFUSED, ...MISSING] });
    if (MISSING.some((status) => status === answer.status)) {
      await makeSureOffered(mapping.remote);
      throw new StaleError("gone", "The object is no longer there under this number", {
        context: { request: template },
      });
    }
    if (answer.status >= 400) throw refusal(answer, template, mapping.remote, body);
    const image = jsonOf(answer);
    const externalId = isImage(image) ? idIn(image, mapping.key) : undefined;
    if (!isImage(image) || externalId === undefined) throw uncertainAnswer(template);
    return { externalId, object: { externalId, image }, times: answer.times };
  }

  return {
    async discover(): Promise<Capabilities> {
      const offered = await functions();
      const mappings = Object.entries(deps.mappings);
      const objects = mappings.map(([object, { remote }]) => [object, capabilitiesOf(offered[remote])] as const);
      const mapped = new Set(mappings.map(([, { remote }]) => remote));
      return {
        objects: Object.fromEntries(objects),
        unmapped: Object.keys(offered).filter((name) => !mapped.has(name)),
      };
    },

    /** The whole list is one answer; it is handed on in pages. A cursor cannot be resumed at: the list begins anew. */
    list(object): AsyncIterable<Page> {
      const { remote, key } = mappingOf(object);
      return pages(remote, key);
    },

    listDealings: ({ remote, key }) => pages(remote, key),

    async get(object, externalId) {
      const mapping = mappingOf(object);
      const template = `GET ${mapping.remote}/{id}`;
      const below = pathOf(mapping.remote, externalId);
      const answer = await call({ method: "GET", template, below, expect: [...MISSING, 405] });
      const { times } = answer;
      if (answer.status === 405) throw switchedOff(mapping.remote, 405);
      if (answer.status >= 300) return { ...(await gone(answer, mapping, externalId)), times };
      const image = answer.json();
      if (!isImage(image)) throw badShape(template);
      const id = idIn(image, mapping.key);
      if (id === undefined) throw badShape(template);
      // Asked for an old number, some answer with the object under its new one.
      if (id !== externalId) return { gone: true, replacedBy: id, times };
      return { object: { externalId, image }, times };
    },

    create: (object, { body }) => write("POST", mappingOf(object), mappingOf(object).remote, body),

    async update(object, externalId, { body }) {
      const mapping = mappingOf(object);
      return await write("PUT", mapping, pathOf(mapping.remote, externalId), body);
    },

    async remove(object, externalId) {
      const mapping = mappingOf(object);
      const template = `DELETE ${mapping.remote}/{id}`;
      const below = pathOf(mapping.remote, externalId);
      const answer = await call({ method: "DELETE", template, below, expect: [...REFUSED, ...MISSING] });
      // Not there any more: what was wanted is so. It may have been our own first try.
      if (MISSING.some((status) => status === answer.status)) await makeSureOffered(mapping.remote);
      else if (answer.status >= 400) throw refusal(answer, template, mapping.remote, {});
      return { times: answer.times };
    },

    async createDocument({ remote, key }, body) {
      const template = `POST ${remote}`;
      const answer = await call({ method: "POST", template, below: remote, json: body, expect: [...REFUSED, 404] });
      if (answer.status === 404) throw switchedOff(remote, 404);
      if (answer.status >= 400) throw refusal(answer, template, remote, body);
      const image = jsonOf(answer);
      const externalId = isImage(image) ? idIn(image, key) : undefined;
      if (externalId === undefined) throw uncertainAnswer(template);
      return { externalId };
    },

    async *listCodes({ remote, key, text }) {
      for await (const { objects } of pages(remote, key)) {
        for (const { externalId, image } of objects) {
          const name = text === undefined ? undefined : image[text];
          yield { code: externalId, text: typeof name === "string" && name !== "" ? name : null };
        }
      }
    },

    async *listDocuments({ remote, key, marker }) {
      for await (const { objects } of pages(remote, key)) {
        for (const { externalId, image } of objects) yield { externalId, marker: image[marker] };
      }
    },

    close,
  };
}

const pathOf = (remote: string, externalId: string): string => `${remote}/${encodeURIComponent(externalId)}`;

function capabilitiesOf(verbs: Functions[string] | undefined): ObjectCapabilities {
  const { get = false, put = false, post = false, delete: remove = false } = verbs ?? {};
  return { read: get, list: get, create: post, update: put, remove };
}

function objectOf(text: string, remote: string, key: string): RemoteObject {
  const image = parseObject(text, remote);
  const externalId = idIn(image, key);
  if (externalId === undefined) {
    throw new ConnectionError(
      "bad_settings",
      `An object of ${remote} has no ${key}, which the mapping names as its key`,
    );
  }
  return { externalId, image };
}

function parseObject(text: string, remote: string): RemoteImage {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw badShape(`GET ${remote}`); // JSON.parse quotes the text it chokes on: not kept as cause
  }
  if (!isImage(parsed)) throw badShape(`GET ${remote}`);
  return parsed;
}

const badShape = (template: string) =>
  new RejectedError("bad_shape", "KeyBalance's answer is not the object that was asked for", {
    context: { request: template },
  });

const switchedOff = (remote: string, status: number) =>
  new ConnectionError("capability_missing", `${remote} is not switched on for this account`, { context: { status } });

/** The remote's words may quote values, so only the names of our own body's fields are taken from them. */
function refusal(answer: HttpAnswer, template: string, remote: string, body: Write["body"]) {
  const { status, text } = answer;
  if (status === 405) return switchedOff(remote, status);
  const fields = Object.keys(body).filter((name) => text.includes(name));
  const context = { request: template, status, ...(fields.length > 0 ? { fields } : {}) };
  if (/i brug/i.test(text)) {
    return new RejectedError("in_use", "KeyBalance keeps the object: it is in use", { context });
  }
  const named = fields.length > 0 ? ` because of ${fields.join(", ")}` : "";
  return new RejectedError("refused_by_remote", `KeyBalance refused the write${named}`, { context });
}
