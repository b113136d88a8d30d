import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Fate, type Held, Session, type Statement } from "./postgres-session.ts";

/** Which statement: one that this holds for. */
export type Where = (statement: Statement) => boolean;

/** A statement, or the answer to it, is stopped on its way once. */
export interface Trap {
  /** It is stopped now. */
  readonly sprung: Promise<void>;
  /** The proxy has seen that the connection on which it was stopped is closed by its client. */
  readonly clientGone: Promise<void>;
  /** Lets it go on its way, or takes the trap away where it was not sprung. */
  release(): void;
}

export interface PostgresProxy {
  readonly url: string;
  /** The server listens at another port now; undefined: nowhere, and nobody listens here either. */
  pointAt(port: number | undefined): Promise<void>;
  hold(what: "statement" | "answer", where: Where): Trap;
  /** The next so many statements for which this holds fail in the server with this error; `struck`: how many have. */
  fail(code: string, message: string, times: number, where: Where): { readonly struck: () => number; cease(): void };
  /** 57P01 to everybody, as a server that is shut down says it; gives the number of connections. */
  terminateAll(): number;
  /** From now on every new connection is refused with this error; undefined ends it. Gives how many were. */
  refuse(error: { readonly code: string; readonly message: string } | undefined): void;
  readonly refused: () => number;
  close(): Promise<void>;
}

/** Stands before a PostgreSQL, which `url` names, and can stop, fail and refuse what passes. On loopback only. */
export async function startPostgresProxy(url: string): Promise<PostgresProxy> {
  const upstream = new URL(url);
  let port = Number(upstream.port);
  let refusal: { readonly code: string; readonly message: string } | undefined;
  let refused = 0;
  const sessions = new Set<Session>();
  const plans = new Set<(statement: Statement) => Fate | undefined>();
  const fateOf = (statement: Statement): Fate | undefined => {
    for (const plan of plans) {
      const fate = plan(statement);
      if (fate !== undefined) return fate;
    }
    return undefined;
  };
  const pass = (client: Socket): void => {
    const session = new Session({
      client,
      connect: () => connect({ port, host: "127.0.0.1", noDelay: true }),
      refusal: () => {
        if (refusal !== undefined) refused += 1;
        return refusal;
      },
      fateOf,
      onClose: () => sessions.delete(session),
    });
    sessions.add(session);
  };
  let server = await listenOn(0, pass);
  const through = new URL(url);
  // A server that listens on TCP has an address of this shape.
  const own = (server.address() as AddressInfo).port;
  through.port = String(own);
  const silence = (): Promise<void> =>
    new Promise((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      for (const session of sessions) session.drop();
    });
  return {
    url: through.href,
    async pointAt(next) {
      if (next === undefined) return silence();
      port = next;
      if (!server.listening) server = await listenOn(own, pass);
    },
    hold(what, where) {
      let held: Held | undefined;
      let spring: (held: Held) => void = () => undefined;
      const sprung = new Promise<Held>((resolve) => {
        spring = resolve;
      });
      const plan = (statement: Statement): Fate | undefined => {
        if (!where(statement)) return undefined;
        plans.delete(plan);
        const on = (now: Held): void => {
          held = now;
          spring(now);
        };
        return { kind: "hold", what, on };
      };
      plans.add(plan);
      return {
        sprung: sprung.then(() => undefined),
        clientGone: sprung.then(({ clientGone }) => clientGone),
        release() {
          plans.delete(plan);
          held?.release();
          held = undefined;
        },
      };
    },
    fail(code, message, times, where) {
      let struck = 0;
      const plan = (statement: Statement): Fate | undefined => {
        if (!where(statement)) return undefined;
        struck += 1;
        if (struck >= times) plans.delete(plan);
        return { kind: "fail", code, message };
      };
      plans.add(plan);
      return { struck: () => struck, cease: () => plans.delete(plan) };
    },
    terminateAll() {
      const open = [...sessions];
      for (const session of open) session.terminate("57P01", "terminating connection due to administrator command");
      return open.length;
    },
    refuse(error) {
      refusal = error;
    },
    refused: () => refused,
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
