import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type HttpClient, type HttpOptions, type HttpRequest, httpClient, retryAfterMs } from "../../src/lib/http.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const opened: { server: Server; client: HttpClient }[] = [];

afterEach(async () => {
  for (const { server, client } of opened.splice(0)) {
    await client.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** A remote that answers as told, and a client of it. */
async function open(answer: Answer, options: Partial<HttpOptions> = {}): Promise<HttpClient> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo; // a TCP server has no other kind of address
  const client = httpClient({ baseUrl: `http://127.0.0.1:${port}/firma/API2`, timeoutMs: 2000, ...options });
  opened.push({ server, client });
  return client;
}

const get: HttpRequest = { method: "GET", template: "GET Debitorer/{id}", path: "Debitorer/hemmelig" };
const put: HttpRequest = { method: "PUT", template: "PUT Debitorer/{id}", path: "Debitorer/hemmelig", json: { a: 1 } };

const failing =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (request, response) => {
    request.resume().on("end", () => response.writeHead(status, headers).end("Ada"));
  };

const thrown = async (client: HttpClient, request: HttpRequest) => {
  const outcome = await client.request(request).then(
    () => "answered",
    (error: unknown) => error,
  );
  return outcome;
};

test("an answer has its status, headers, text, JSON and the remote's Date", async () => {
  const client = await open((request, response) => {
    response.writeHead(200, { "content-type": "application/json", date: "Tue, 24 Nov 2026 02:00:00 GMT", etag: '"7"' });
    response.end(JSON.stringify({ url: request.url, method: request.method }));
  });
  const answer = await client.request({ ...get, query: { limit: 2, after: undefined, q: "æ b" } });
  expect(answer.status).toBe(200);
  expect(answer.headers.etag).toBe('"7"');
  expect(answer.json()).toEqual({ url: "/firma/API2/Debitorer/hemmelig?limit=2&q=%C3%A6+b", method: "GET" });
  expect(answer.times.remoteDate).toEqual(new Date("2026-11-24T02:00:00Z"));
  expect(answer.times.endedAt.getTime()).toBeGreaterThanOrEqual(answer.times.beganAt.getTime());
});

test("a body is sent as JSON with the headers of the client and of the request", async () => {
  const client = await open(
    (request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => response.end(JSON.stringify({ body, headers: request.headers })));
    },
    { headers: { authorization: "Bearer t" } },
  );
  const answer = await client.request({ ...put, headers: { "if-match": '"7"' } });
  expect(answer.json()).toMatchObject({
    body: '{"a":1}',
    headers: { authorization: "Bearer t", "if-match": '"7"', "content-type": "application/json" },
  });
});

test("an answer in Latin-1 is read as such", async () => {
  const client = await open((_, response) => {
    response.writeHead(200, { "content-type": "text/plain; charset=ISO-8859-1" }).end(Buffer.from("Sønderå", "latin1"));
  });
  expect((await client.request(get)).text).toBe("Sønderå");
});

test.each([
  [get, "RetryableError"],
  [put, "RetryableError"],
])("a refused connection was never sent, so it may be tried again (%#)", async (request, name) => {
  const client = await open(failing(200));
  opened[0]?.server.close();
  expect(await thrown(client, request)).toMatchObject({ name, code: "unreachable" });
});

test("a remote that does not exist is unreachable, by name too", async () => {
  const client = httpClient({ baseUrl: "http://no-such-host.invalid" });
  expect(await thrown(client, put)).toMatchObject({ name: "RetryableError", code: "unreachable" });
  await client.close();
});

test.each([
  [get, "RetryableError"],
  [put, "UncertainError"],
  [{ ...put, reads: true }, "RetryableError"],
])("a connection reset after the request was sent leaves only a write uncertain (%#)", async (request, name) => {
  const client = await open((incoming) => incoming.resume().on("end", () => incoming.socket.resetAndDestroy()));
  expect(await thrown(client, request)).toMatchObject({ name, code: "connection_lost" });
});

test.each([
  [get, "RetryableError"],
  [put, "UncertainError"],
])("a body that is cut leaves only a write uncertain (%#)", async (request, name) => {
  const client = await open((_, response) => {
    response.writeHead(200, { "content-length": "100" }).write("half", () => response.socket?.destroy());
  });
  expect(await thrown(client, request)).toMatchObject({ name, code: "connection_lost" });
});

test.each([
  [get, "RetryableError"],
  [put, "UncertainError"],
])("at the time limit the socket is destroyed and only a write is uncertain (%#)", async (request, name) => {
  const closed = Promise.withResolvers<void>();
  const client = await open((incoming) => incoming.socket.on("close", () => closed.resolve()), { timeoutMs: 100 });
  expect(await thrown(client, request)).toMatchObject({ name, code: "timeout" });
  await closed.promise;
});

test("the limit is a total: an answer that trickles is given up too", async () => {
  const client = await open(
    (_, response) => {
      const drip = setInterval(() => response.write("."), 20);
      response.on("close", () => clearInterval(drip));
    },
    { timeoutMs: 150 },
  );
  expect(await thrown(client, get)).toMatchObject({ name: "RetryableError", code: "timeout" });
});

test("a write that waited for a free socket until its limit was never sent", async () => {
  const arrived: string[] = [];
  const client = await open(
    (incoming) => {
      arrived.push(incoming.url ?? "");
    },
    { connections: 1 },
  );
  const first = thrown(client, { ...put, timeoutMs: 400 });
  const second = thrown(client, { ...put, path: "second", timeoutMs: 100 });
  expect(await second).toMatchObject({ name: "RetryableError", code: "timeout" });
  expect(await first).toMatchObject({ name: "UncertainError" });
  expect(arrived).toEqual(["/firma/API2/Debitorer/hemmelig"]);
});

test.each([
  [429, put, "RetryableError", "rate_limited"],
  [503, put, "RetryableError", "unavailable"],
  [401, get, "ConnectionError", "unauthorized"],
  [403, get, "ConnectionError", "forbidden"],
  [412, put, "StaleError", "precondition_failed"],
  [302, get, "ConnectionError", "redirected"],
  [404, get, "RejectedError", "refused_by_remote"],
  [422, put, "RejectedError", "refused_by_remote"],
  [500, get, "RetryableError", "remote_failure"],
  [500, put, "UncertainError", "remote_failure"],
  [502, put, "UncertainError", "remote_failure"],
] as const)("status %i on %o is a %s", async (status, request, name, code) => {
  const client = await open(failing(status));
  const error = await thrown(client, request);
  expect(error).toMatchObject({ name, code, context: { request: request.template, status } });
});

test("a status that the caller expects comes back as an answer", async () => {
  const client = await open(failing(404));
  const answer = await client.request({ ...get, expect: [404, 410] });
  expect(answer).toMatchObject({ status: 404, text: "Ada" });
});

test.each([
  ["3600", 3_600_000],
  ["Tue, 24 Nov 2026 05:00:00 GMT", 10_800_000],
  ["Tue, 24 Nov 2026 01:00:00 GMT", 0],
  ["soon", undefined],
  [undefined, undefined],
])("Retry-After %o is a wait of %o ms, never capped", async (header, expected) => {
  expect(retryAfterMs(header, new Date("2026-11-24T02:00:00Z"))).toBe(expected);
});

test("the wait that the remote asks for comes with the error", async () => {
  const client = await open(failing(429, { "retry-after": "86400" }));
  expect(await thrown(client, put)).toMatchObject({ retryAfterMs: 86_400_000 });
});

test("an answer over the limit is refused, and on a write uncertain", async () => {
  const big: Answer = (_, response) => {
    response.end("x".repeat(5000));
  };
  const client = await open(big, { maxBytes: 1000 });
  expect(await thrown(client, get)).toMatchObject({ name: "RejectedError", code: "answer_too_large" });
  expect(await thrown(client, put)).toMatchObject({ name: "UncertainError", code: "answer_too_large" });
});

test("an answer that is no JSON is told without its text", async () => {
  const client = await open((_, response) => {
    response.end("<html>Ada</html>");
  });
  const answer = await client.request(get);
  const written = await client.request(put);
  expect(() => answer.json()).toThrow(expect.objectContaining({ name: "RejectedError", code: "bad_answer" }));
  expect(() => written.json()).toThrow(expect.objectContaining({ name: "UncertainError", code: "bad_answer" }));
});

test("neither the URL nor the answer's text stands in an error", async () => {
  const client = await open(failing(500));
  const error = await thrown(client, put);
  const told = error instanceof Error ? `${error.message} ${JSON.stringify(error)} ${String(error.cause)}` : "";
  expect(told).toContain("PUT Debitorer/{id}");
  expect(told).not.toMatch(/hemmelig|Ada|127\.0\.0\.1/);
});
