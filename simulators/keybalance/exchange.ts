import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, carryOut, type Installation, text, verbOf } from "./api.ts";
import type { Control } from "./control.ts";
import { controlCall } from "./control-http.ts";
import { type Fault, findFault } from "./faults.ts";
import type { OpenEntry, RequestLog } from "./request-log.ts";

export interface Listening extends Installation {
  /** `/<db>/API2` */
  readonly basePath: string;
  readonly control: Control;
  readonly log: RequestLog;
  /** Runs this later, unless the simulator is closed before. */
  readonly later: (ms: number, act: () => void) => void;
}

const CONTROL = "/_control/";
const LARGEST_BODY = 32 * 1024 * 1024;
/** Objects of a list that go out in one piece. */
const PIECE = 500;

/** One request and its answer, with every fault of the wire. */
export function exchange(listening: Listening, request: IncomingMessage, response: ServerResponse): void {
  const { url = "", method = "" } = request;
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  if (path.startsWith(CONTROL)) {
    readBody(request, (body) => {
      const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark));
      const answer = controlCall(listening.control, listening.log, {
        ...{ method, query },
        path: path.slice(CONTROL.length),
        sent: parse(body),
      });
      send(response, { status: answer.status, type: "application/json", body: JSON.stringify(answer.body) }, []);
    });
    return;
  }
  const segments = segmentsOf(path, listening.basePath);
  if (segments === undefined) return send(response, text(404, "Ukendt adresse"), []);
  const name = segments[0] === "Login" && segments.length === 1 ? "Login" : (segments[1] ?? "");
  const id = segments[2] ?? "";
  const entry = listening.log.open(method, name, id);
  const faults = listening.faults.strike(name, verbOf(method), id);
  if (faults.length > 0) entry.fault = faults.map((fault) => fault.kind).join("+");
  if (findFault(faults, "blackHole") !== undefined) return;
  if (faults.some((fault) => fault.kind === "reset" && fault.when === "before")) {
    request.socket.resetAndDestroy();
    return;
  }
  const act = () => serve(listening, request, response, { segments, entry, faults });
  const slow = findFault(faults, "slow");
  if (slow === undefined) act();
  else listening.later(slow.ms, act);
}

interface Serving {
  readonly segments: readonly string[];
  readonly entry: OpenEntry;
  readonly faults: readonly Fault[];
}

function serve(listening: Listening, request: IncomingMessage, response: ServerResponse, serving: Serving): void {
  const { entry, faults, segments } = serving;
  const method = request.method ?? "";
  const refusal = findFault(faults, "status");
  if (refusal !== undefined) {
    const words = refusal.text ?? (refusal.status === 429 ? "For mange forespørgsler" : "Intern fejl");
    const headers = refusal.retryAfter === undefined ? {} : { "Retry-After": String(refusal.retryAfter) };
    settle({ ...text(refusal.status, words), headers });
    return;
  }
  if (method === "GET") settle(carryOut(listening, { method, segments, sent: undefined, faults, entry }));
  else {
    readBody(request, (body) => {
      if (body.length > LARGEST_BODY) return settle(text(413, "For stor"));
      const sent = body === "" ? undefined : parse(body);
      entry.body = sent ?? (body === "" ? null : body);
      settle(carryOut(listening, { method, segments, sent, faults, entry }));
    });
  }

  function settle(answer: Answer): void {
    listening.log.changed(entry);
    if (faults.some((fault) => fault.kind === "reset" && fault.when === "after")) {
      request.socket.resetAndDestroy();
      return;
    }
    const late = findFault(faults, "lateAnswer");
    if (late === undefined) tell();
    else if (late.ms !== null) listening.later(late.ms, tell);

    function tell(): void {
      entry.status = answer.status;
      listening.log.changed(entry);
      send(response, answer, faults);
    }
  }
}

function send(response: ServerResponse, answer: Answer, faults: readonly Fault[]): void {
  const type = findFault(faults, "wrongContentType")?.type ?? answer.type;
  const headers = { "Content-Type": type, ...answer.headers };
  const cut = findFault(faults, "cutBody");
  if (typeof answer.body !== "string" && answer.body.length > PIECE && cut === undefined) {
    response.writeHead(answer.status, headers);
    sendPieces(response, answer.body, 0);
    return;
  }
  const body = typeof answer.body === "string" ? answer.body : `[${answer.body.join(",")}]`;
  if (cut === undefined) {
    response.writeHead(answer.status, { ...headers, "Content-Length": Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  const bytes = Buffer.from(body);
  response.writeHead(answer.status, { ...headers, "Content-Length": bytes.length });
  response.write(bytes.subarray(0, cut.bytes), () => response.destroy());
}

/** A long list goes out piece by piece, as fast as the other side reads. */
function sendPieces(response: ServerResponse, objects: readonly string[], from: number): void {
  for (let start = from; start < objects.length; start += PIECE) {
    const piece = objects.slice(start, start + PIECE).join(",");
    if (!response.write(`${start === 0 ? "[" : ","}${piece}`)) {
      response.once("drain", () => sendPieces(response, objects, start + PIECE));
      return;
    }
  }
  response.end("]");
}

/** Token, function and id; undefined when the address is none of the API's. */
function segmentsOf(path: string, basePath: string): string[] | undefined {
  if (!path.startsWith(`${basePath}/`)) return undefined;
  const segments = path.slice(basePath.length + 1).split("/");
  if (segments.at(-1) === "") segments.pop();
  if (segments.length === 0 || segments.length > 3) return undefined;
  if (!path.includes("%")) return segments;
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return undefined; // not an encoded address at all
  }
}

function readBody(request: IncomingMessage, act: (body: string) => void): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => act((chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString("utf8")));
}

/** Undefined when the text is no JSON: the answer then says so. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
