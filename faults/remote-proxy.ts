import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export type Trouble = "reset" | "torn" | "hole";

export interface RemoteProxy {
  readonly origin: string;
  /** From now on each request meets each trouble with this probability, until it is told otherwise. */
  trouble(chances: Readonly<Record<Trouble, number>>): void;
  /** How often each has struck. */
  readonly struck: () => Readonly<Record<Trouble, number>>;
  /** Nobody listens any more, and who was connected is reset; until `back`. */
  gone(): Promise<void>;
  back(): Promise<void>;
  /** Requests that write are kept from the remote from now on; `sprung`: there is one. */
  holdWrites(): { readonly sprung: Promise<void>; release(): void };
  close(): Promise<void>;
}

const CALM = { reset: 0, torn: 0, hole: 0 };
const REQUEST = /^(GET|PUT|POST|DELETE) /;
const WRITE = /^(PUT|POST|DELETE) /;

/** Stands before a remote that speaks HTTP/1.1 and breaks what passes. `random` gives numbers from 0 to 1. */
export async function startRemoteProxy(port: number, random: () => number): Promise<RemoteProxy> {
  let chances: Readonly<Record<Trouble, number>> = CALM;
  const struck = { ...CALM };
  const clients = new Set<Socket>();
  const held = new Set<() => void>();
  let onHeld: (() => void) | undefined;

  const draw = (): Trouble | undefined => {
    let at = random();
    for (const kind of ["reset", "torn", "hole"] as const) {
      if (at < chances[kind]) return kind;
      at -= chances[kind];
    }
    return undefined;
  };

  const pass = (client: Socket): void => {
    clients.add(client);
    const remote = connect({ port, host: "127.0.0.1", noDelay: true });
    let fate: Trouble | undefined;
    let waiting: Buffer[] | undefined;
    client.on("data", (chunk: Buffer) => {
      if (waiting !== undefined) return void waiting.push(chunk);
      const head = chunk.toString("latin1", 0, 8);
      if (onHeld !== undefined && WRITE.test(head)) {
        waiting = [chunk];
        held.add(() => {
          for (const each of waiting ?? []) remote.write(each);
          waiting = undefined;
        });
        onHeld();
        return;
      }
      if (fate === undefined && REQUEST.test(head)) {
        fate = draw();
        if (fate !== undefined) struck[fate] += 1;
        // Half of the resets come before the remote has seen anything, half of the holes swallow the request.
        if (fate === "reset" && random() < 0.5) {
          client.resetAndDestroy();
          return;
        }
        if (fate === "hole" && random() < 0.5) waiting = [];
      }
      if (waiting === undefined && !remote.write(chunk)) client.pause();
    });
    remote.on("data", (chunk: Buffer) => {
      if (fate === "hole") return;
      if (fate === "reset") return void client.resetAndDestroy();
      if (fate === "torn") {
        client.end(chunk.subarray(0, Math.floor(chunk.length / 2)));
        remote.destroy();
        return;
      }
      if (client.writable && !client.write(chunk)) remote.pause();
    });
    client.on("drain", () => remote.resume());
    remote.on("drain", () => client.resume());
    for (const [socket, other] of [
      [client, remote],
      [remote, client],
    ] as const) {
      socket.on("error", () => socket.destroy());
      // A hole stays open: only the caller's own limit ends it.
      socket.on("close", () => {
        if (socket === client || fate !== "hole") other.destroy();
      });
    }
    client.on("close", () => {
      waiting = undefined;
      clients.delete(client);
    });
  };

  let server = await listenOn(0, pass);
  // A server that listens on TCP has an address of this shape.
  const { port: own } = server.address() as AddressInfo;
  const silence = (): Promise<void> =>
    new Promise((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      for (const client of clients) client.resetAndDestroy();
    });
  return {
    origin: `http://127.0.0.1:${own}`,
    trouble(next) {
      chances = next;
    },
    struck: () => ({ ...struck }),
    gone: silence,
    async back() {
      if (!server.listening) server = await listenOn(own, pass);
    },
    holdWrites() {
      const sprung = new Promise<void>((resolve) => {
        onHeld = resolve;
      });
      return {
        sprung,
        release() {
          onHeld = undefined;
          for (const go of held) go();
          held.clear();
        },
      };
    },
    close: silence,
  };
}

function listenOn(port: number, pass: (client: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, pass);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
