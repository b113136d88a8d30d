import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** Anything that answers requests: a hono app, or fetch to a running server. */
export interface Answerer {
  request(path: string, init?: RequestInit): Response | Promise<Response>;
}

export interface CheckedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it takes the body for
  readonly body: any;
}

export type CheckedClient = (
  method: string,
  path: string,
  options?: { body?: unknown; headers?: Record<string, string>; raw?: ReadableStream<Uint8Array> | string },
) => Promise<CheckedAnswer>;

/**
 * A client that checks every answer against the document the API serves: an undocumented path, status or content type, or a
 * body that breaks its schema (an extra property included), fails the test.
 */
export async function checkedClient(app: Answerer, key?: string): Promise<CheckedClient> {
  const document = (await (await app.request("/openapi.json")).json()) as OpenApi; // checked by openapi.test.ts
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: "api", ...document });
  const validators = new Map<string, ValidateFunction>();

  return async (method, path, { body, headers = {}, raw } = {}) => {
    const init: RequestInit & { duplex?: "half" } = {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (raw !== undefined) {
      init.body = raw;
      init.duplex = "half";
    }
    const answer = await app.request(path, init);
    const text = await answer.text();
    const template = templateOf(document, path.split("?")[0] ?? "");
    const where = `${method} ${template}`;
    const documented = document.paths[template]?.[method.toLowerCase()]?.responses[String(answer.status)];
    if (documented === undefined)
      throw new Error(`${where} answers ${answer.status}, which is not documented: ${text.slice(0, 500)}`);

    const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
    const content = documented.content ?? {};
    if (text === "" && Object.keys(content).length === 0)
      return { status: answer.status, headers: answer.headers, text, body: undefined };
    if (content[type] === undefined)
      throw new Error(`${where} answers ${answer.status} as ${type}, documented is ${Object.keys(content)}`);
    const parsed: unknown = type.endsWith("json") ? JSON.parse(text) : text;
    const pointer = [
      "paths",
      template,
      method.toLowerCase(),
      "responses",
      String(answer.status),
      "content",
      type,
      "schema",
    ];
    const ref = `api#/${pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`;
    const validate = validators.get(ref) ?? ajv.compile({ $ref: ref });
    validators.set(ref, validate);
    if (!validate(parsed)) {
      throw new Error(
        `${where} answers ${answer.status} against its document: ${ajv.errorsText(validate.errors)}\n${text.slice(0, 2000)}`,
      );
    }
    return { status: answer.status, headers: answer.headers, text, body: parsed };
  };
}

interface OpenApi {
  readonly paths: {
    readonly [template: string]: {
      readonly [method: string]: {
        readonly responses: { readonly [status: string]: { readonly content?: { readonly [type: string]: unknown } } };
      };
    };
  };
}

/** The template with the most fixed parts that fits the path. */
function templateOf(document: OpenApi, path: string): string {
  const parts = path.split("/");
  const fitting = Object.keys(document.paths).filter((template) => {
    const wanted = template.split("/");
    return (
      wanted.length === parts.length && wanted.every((part, index) => part.startsWith("{") || part === parts[index])
    );
  });
  const [best] = fitting.sort((a, b) => a.split("{").length - b.split("{").length);
  if (best === undefined) throw new Error(`No path of the document fits ${path}`);
  return best;
}
