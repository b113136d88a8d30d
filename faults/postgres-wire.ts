/** PostgreSQL's protocol, version 3, as far as a proxy must read and speak it: messages, statements, errors. */

export interface Message {
  /** Its letter; empty for the first message of a connection, which has none. */
  readonly type: string;
  /** The whole of it, letter and length included. */
  readonly bytes: Buffer;
}

/** Cuts a stream into whole messages, however it comes in. `untyped`: how many at the beginning have no letter. */
export class MessageCutter {
  #chunks: Buffer[] = [];
  #length = 0;
  #untyped: number;

  constructor(untyped: number) {
    this.#untyped = untyped;
  }

  /** The next message has no letter either: one that asked for encryption comes before the one that opens. */
  expectUntyped(): void {
    this.#untyped += 1;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next whole message; undefined until more has come. */
  next(): Message | undefined {
    const letter = this.#untyped > 0 ? 0 : 1;
    if (this.#length < letter + 4) return undefined;
    let first = this.#joined(letter + 4);
    const length = letter + first.readUInt32BE(letter);
    if (this.#length < length) return undefined;
    first = this.#joined(length);
    this.#chunks[0] = first.subarray(length);
    this.#length -= length;
    if (letter === 0) this.#untyped -= 1;
    return { type: letter === 0 ? "" : String.fromCharCode(first[0] ?? 0), bytes: first.subarray(0, length) };
  }

  /** The first chunk, made to hold at least so many bytes; joined once a message, not once a chunk. */
  #joined(length: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#chunks;
    if (first.length >= length) return first;
    const all = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [all];
    return all;
  }
}

const SSL_REQUEST = 80_877_103;
const ENCRYPTION_REQUEST = 80_877_104;

/** Does a first message ask for encryption? It is answered with one letter, and the real first message follows. */
export function asksForEncryption({ bytes }: Message): boolean {
  const code = bytes.length === 8 ? bytes.readUInt32BE(4) : 0;
  return code === SSL_REQUEST || code === ENCRYPTION_REQUEST;
}

/** Of a Parse: the name that the statement gets, and its text. */
export function readParse({ bytes }: Message): { name: string; text: string } {
  const name = textAt(bytes, 5);
  return { name, text: textAt(bytes, 5 + Buffer.byteLength(name) + 1) };
}

/** Of a Bind: the name of the statement. */
export function readBind({ bytes }: Message): string {
  const portal = textAt(bytes, 5);
  return textAt(bytes, 5 + Buffer.byteLength(portal) + 1);
}

/** Of a Query: its text. */
export const readQuery = ({ bytes }: Message): string => textAt(bytes, 5);

function textAt(bytes: Buffer, from: number): string {
  const end = bytes.indexOf(0, from);
  return bytes.toString("utf8", from, end < 0 ? bytes.length : end);
}

/** An ErrorResponse as the server words it. FATAL is followed by the end of the connection. */
export function errorResponse(severity: "ERROR" | "FATAL", code: string, message: string): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${code}`, `M${message}`].map((field) => `${field}\0`).join("");
  return messageOf("E", `${fields}\0`);
}

/** A Query that the server itself answers with this error: its own transaction then fails as it would. */
export const failingQuery = (code: string, message: string): Buffer =>
  messageOf("Q", `do $$ begin raise exception '${message}' using errcode = '${code}'; end $$\0`);

export function messageOf(type: string, content: string): Buffer {
  const body = Buffer.from(content, "utf8");
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}
