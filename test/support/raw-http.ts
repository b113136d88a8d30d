import { connect, type Socket } from "node:net";

/** What came back over the wire, byte for byte. */
export interface RawAnswer {
  /** 0 when the connection ended before a status line. */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Chunks put together; as far as it came. */
  readonly body: string;
  /** How the connection ended: by its rules, in the middle of the body, or by a reset. */
  readonly ended: "complete" | "cut" | "reset";
}

/** Sends these very bytes to 127.0.0.1 and reads until the answer is whole or the connection ends. No HTTP client in between. */
export function sendRaw(port: number, bytes: string): Promise<RawAnswer> {
  const { answer } = openRaw(port, bytes);
  return answer;
}

/** As `sendRaw`, with the socket to give up on. */
export function openRaw(port: number, bytes: string): { socket: Socket; answer: Promise<RawAnswer> } {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  const answer = new Promise<RawAnswer>((resolve) => {
    const end = (ended: RawAnswer["ended"]) => {
      resolve(readAnswer(Buffer.concat(chunks), ended));
      socket.destroy();
    };
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (isComplete(Buffer.concat(chunks))) end("complete");
    });
    socket.on("error", () => end("reset"));
    socket.on("close", () => end(isComplete(Buffer.concat(chunks)) ? "complete" : "cut"));
  });
  socket.write(bytes);
  return { socket, answer };
}

/** The bytes of one HTTP/1.1 request, with its length counted in bytes. */
export function requestBytes(method: string, path: string, body?: string): string {
  const length =
    body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`];
  return [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", ...length, "", body ?? ""].join("\r\n");
}

function isComplete(bytes: Buffer): boolean {
  const { headers, body } = split(bytes);
  if (headers === undefined) return false;
  if (headers["transfer-encoding"] === "chunked") return body.subarray(-5).toString("latin1") === "0\r\n\r\n";
  return body.length >= Number(headers["content-length"] ?? Infinity);
}

function readAnswer(bytes: Buffer, ended: RawAnswer["ended"]): RawAnswer {
  const { status, headers = {}, body } = split(bytes);
  const whole = headers["transfer-encoding"] === "chunked" ? dechunk(body) : body;
  return { status, headers, body: whole.toString("utf8"), ended };
}

function split(bytes: Buffer): { status: number; headers?: Record<string, string>; body: Buffer } {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return { status: 0, body: Buffer.alloc(0) };
  const [statusLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { status: Number(statusLine.split(" ")[1]), headers, body: bytes.subarray(end + 4) };
}

function dechunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf("\r\n", at);
    const length = Number.parseInt(body.subarray(at, line).toString("latin1"), 16);
    if (line < 0 || !(length > 0)) break;
    parts.push(body.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
  return Buffer.concat(parts);
}
