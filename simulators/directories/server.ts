import { createServer, type IncomingHttpHeaders } from "node:http";

/** A request as it came, its body read whole. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  /** Sent as JSON; `text` and `bytes` are sent as they are. */
  readonly body?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What strikes the next `times` requests (1) in place of an answer, of one method where `on` names it. `lost`: the request
 * is carried out and its answer does not arrive.
 */
export type Fault = { readonly on?: string } & (
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: number; readonly times?: number }
  | { readonly kind: "malformed"; readonly times?: number }
  | { readonly kind: "empty"; readonly times?: number }
  | { readonly kind: "reset" | "lost"; readonly times?: number }
);

export interface DirectorySimulator {
  readonly baseUrl: string;
  /** Every request, oldest first. */
  readonly log: readonly Asked[];
  strike(fault: Fault): void;
  close(): Promise<void>;
}

/** A directory in memory on 127.0.0.1: answers what `answer` says, unless a fault strikes. Imports nothing of the gateway. */
export async function startDirectory(answer: (asked: Asked) => Answer): Promise<DirectorySimulator> {
  const log: Asked[] = [];
  const faults: { fault: Fault; left: number }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // node gives buffers where no encoding is set
    const url = new URL(request.url ?? "/", "http://directory");
    const asked: Asked = {
      ...{ method: request.method ?? "GET", path: url.pathname, query: url.searchParams, headers: request.headers },
      body: Buffer.concat(chunks).toString("utf8"),
    };
    log.push(asked);
    const striking = faults.find(({ fault }) => fault.on === undefined || fault.on === asked.method);
    if (striking !== undefined) {
      striking.left -= 1;
      if (striking.left <= 0) faults.splice(faults.indexOf(striking), 1);
      const { fault } = striking;
      if (fault.kind === "lost") answer(asked);
      if (fault.kind === "reset" || fault.kind === "lost") return void request.socket.destroy();
      const wait =
        fault.kind === "status" && fault.retryAfter !== undefined ? { "retry-after": String(fault.retryAfter) } : {};
      response.writeHead(fault.kind === "status" ? fault.status : 200, { "content-type": "application/json", ...wait });
      return void response.end(
        fault.kind === "malformed" ? '{"status":"ok","fund":[{' : fault.kind === "empty" ? "" : "{}",
      );
    }
    const { status = 200, body = {}, text, bytes, headers = {} } = answer(asked);
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(bytes ?? text ?? JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    log,
    strike: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
