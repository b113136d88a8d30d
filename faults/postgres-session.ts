import type { Socket } from "node:net";
import {
  asksForEncryption,
  errorResponse,
  failingQuery,
  type Message,
  MessageCutter,
  readBind,
  readParse,
  readQuery,
} from "./postgres-wire.ts";

/** A statement that is about to be carried out, with those of its transaction that came before it. */
export interface Statement {
  /** In lower case, without space around it. */
  readonly text: string;
  readonly earlier: readonly string[];
}

/** A statement that stands still, or the answer to it. */
export interface Held {
  release(): void;
  /** Its client's connection is closed: what is released now reaches nobody. */
  readonly clientGone: Promise<void>;
}

/** What shall happen to a statement; `on` tells that it has been held. */
export type Fate =
  | { readonly kind: "hold"; readonly what: "statement" | "answer"; readonly on: (held: Held) => void }
  | { readonly kind: "fail"; readonly code: string; readonly message: string };

export interface SessionOptions {
  readonly client: Socket;
  /** Opens the connection to the server. */
  readonly connect: () => Socket;
  /** An error to be given at once instead of a connection. */
  readonly refusal: () => { readonly code: string; readonly message: string } | undefined;
  readonly fateOf: (statement: Statement) => Fate | undefined;
  readonly onClose: () => void;
}

/** One connection through the proxy. Statements are met where they are carried out: at a Query, or at a Bind. */
export class Session {
  readonly #options: SessionOptions;
  readonly #client: Socket;
  #server: Socket | undefined;
  readonly #fromClient = new MessageCutter(1);
  readonly #fromServer = new MessageCutter(0);
  readonly #texts = new Map<string, string>();
  #transaction: string[] | undefined;
  /** Messages of the client that wait, while a statement is held. */
  #waiting: Message[] | undefined;
  /** Everything up to the next Sync is dropped: it belongs to a statement that was made to fail. */
  #skipping = false;
  /** Answers asked for and given: a Query and a Sync ask for one each, ReadyForQuery ends one. */
  #asked = 0;
  #answered = 0;
  readonly #clientGone: Promise<void>;
  #heldAnswer: { readonly number: number; readonly kept: Buffer[]; readonly whole: () => void } | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#client = options.client;
    const { client } = options;
    client.on("data", (chunk: Buffer) => {
      this.#fromClient.add(chunk);
      this.#takeFromClient();
    });
    client.on("error", () => client.destroy());
    this.#clientGone = new Promise((resolve) => {
      client.on("close", () => {
        this.#server?.destroy();
        options.onClose();
        resolve();
      });
    });
  }

  /** The server's word that it goes down, and the end of the connection. */
  terminate(code: string, message: string): void {
    this.#server?.destroy();
    this.#client.end(errorResponse("FATAL", code, message));
  }

  drop(): void {
    this.#client.destroy();
  }

  #takeFromClient(): void {
    for (let message = this.#fromClient.next(); message !== undefined; message = this.#fromClient.next()) {
      if (this.#waiting === undefined) this.#met(message);
      else this.#waiting.push(message);
    }
  }

  #met(message: Message): void {
    if (message.type === "") return this.#open(message);
    if (this.#skipping) {
      this.#skipping = message.type !== "S";
      return;
    }
    if (message.type === "P") {
      const { name, text } = readParse(message);
      this.#texts.set(name, text.trim().toLowerCase());
    }
    const text = this.#textOf(message);
    const fate = text === undefined ? undefined : this.#options.fateOf({ text, earlier: this.#transaction ?? [] });
    if (text !== undefined) this.#note(text);
    if (fate?.kind === "fail") {
      this.#skipping = message.type === "B";
      this.#asked += 1;
      this.#send(failingQuery(fate.code, fate.message));
    } else if (fate?.kind === "hold") this.#hold(message, fate);
    else this.#forward(message);
  }

  #open(message: Message): void {
    if (asksForEncryption(message)) {
      this.#fromClient.expectUntyped();
      this.#client.write("N");
      return;
    }
    const refusal = this.#options.refusal();
    if (refusal !== undefined) {
      this.#client.end(errorResponse("FATAL", refusal.code, refusal.message));
      return;
    }
    const server = this.#options.connect();
    this.#server = server;
    server.on("data", (chunk: Buffer) => this.#takeFromServer(chunk));
    server.on("error", () => server.destroy());
    server.on("close", () => (this.#heldAnswer === undefined ? this.#client.end() : this.#client.destroy()));
    server.on("drain", () => this.#client.resume());
    this.#client.on("drain", () => server.resume());
    server.write(message.bytes);
    // The server asks for the password and is then ready: the first answer, which no Query asked for.
    this.#asked = 1;
  }

  #textOf(message: Message): string | undefined {
    if (message.type === "Q") return readQuery(message).trim().toLowerCase();
    return message.type === "B" ? (this.#texts.get(readBind(message)) ?? "") : undefined;
  }

  #note(text: string): void {
    if (/^begin\b/.test(text)) this.#transaction = [];
    else if (/^(commit|rollback)$/.test(text)) this.#transaction = undefined;
    else this.#transaction?.push(text);
  }

  #hold(message: Message, { what, on }: Extract<Fate, { kind: "hold" }>): void {
    const clientGone = this.#clientGone;
    if (what === "statement") {
      this.#waiting = [];
      const release = (): void => {
        const waiting = this.#waiting ?? [];
        this.#waiting = undefined;
        this.#forward(message);
        for (const each of waiting) this.#met(each);
      };
      on({ release, clientGone });
      return;
    }
    const kept: Buffer[] = [];
    const release = (): void => {
      this.#heldAnswer = undefined;
      this.#client.write(Buffer.concat(kept));
    };
    this.#heldAnswer = { number: this.#asked + 1, kept, whole: () => on({ release, clientGone }) };
    this.#forward(message);
  }

  #forward({ type, bytes }: Message): void {
    if (type === "Q" || type === "S") this.#asked += 1;
    this.#send(bytes);
  }

  #send(bytes: Buffer): void {
    const { writable = false } = this.#server ?? {};
    if (writable && this.#server?.write(bytes) === false) this.#client.pause();
  }

  #takeFromServer(chunk: Buffer): void {
    this.#fromServer.add(chunk);
    const pass: Buffer[] = [];
    for (let message = this.#fromServer.next(); message !== undefined; message = this.#fromServer.next()) {
      const held = this.#heldAnswer;
      const isHeld = held !== undefined && this.#answered + 1 >= held.number;
      (isHeld ? held.kept : pass).push(message.bytes);
      if (message.type !== "Z") continue;
      this.#answered += 1;
      if (held !== undefined && this.#answered === held.number) held.whole();
    }
    if (pass.length > 0 && this.#client.writable && !this.#client.write(Buffer.concat(pass))) this.#server?.pause();
  }
}
