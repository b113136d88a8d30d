import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Control, controlOf } from "./control.ts";
import { exchange } from "./exchange.ts";
import { Faults } from "./faults.ts";
import { openLedger } from "./ledger.ts";
import { RequestLog } from "./request-log.ts";
import { SignIn, type SignInSettings } from "./sign-in.ts";
import { type Row, type TableSettings, tablesFor } from "./tables.ts";

export interface KeyBalanceOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Name of the company database, the first part of the path. */
  readonly db?: string;
  /** A fixed token, made up when left out; `signIn` for the other mode. */
  readonly token?: string;
  readonly signIn?: SignInSettings;
  /** The functions on offer; all four, and those of `tables`, when left out. */
  readonly functions?: readonly string[];
  readonly tables?: Readonly<Record<string, TableSettings>>;
  /** What stands in the tables at the start. */
  readonly rows?: Readonly<Record<string, readonly Row[]>>;
  readonly renumbered?: "gone" | "told";
  readonly offStatus?: 403 | 405;
  /** Seeds faults that strike by chance and balances that drift. */
  readonly seed?: number;
  /** Milliseconds since 1970; the machine's clock when left out. Waiting faults wait in real time. */
  readonly now?: () => number;
  /** How many requests the log keeps; 10,000 when left out. */
  readonly logLimit?: number;
}

export interface Simulator {
  readonly port: number;
  /** `http://127.0.0.1:PORT/<db>/API2`, without a token. */
  readonly baseUrl: string;
  readonly controlUrl: string;
  /** The fixed token, or the one that the latest login gave. */
  readonly token: string;
  readonly control: Control;
  readonly log: RequestLog;
  /** Ends what is still waiting, resets what is still open. */
  close(): Promise<void>;
}

/** A KeyBalance installation in memory, listening on 127.0.0.1 when the promise resolves. */
export async function startKeyBalance(options: KeyBalanceOptions = {}): Promise<Simulator> {
  const { db = "firma", now = Date.now, seed = 1 } = options;
  const ledger = openLedger(tablesFor(options.tables, options.functions), options.rows ?? {}, now);
  const fixed = options.token === undefined ? {} : { token: options.token };
  const signIn = new SignIn(options.signIn ?? { mode: "token", ...fixed }, now);
  const faults = new Faults(seed);
  const log = new RequestLog(options.logLimit ?? 10_000, now);
  const control = controlOf(ledger, faults, signIn);
  const timers = new Set<NodeJS.Timeout>();
  const basePath = `/${db}/API2`;
  const installation = {
    ...{ ledger, signIn, faults, log, control, basePath },
    offStatus: options.offStatus ?? 405,
    renumbered: options.renumbered ?? "gone",
    later(ms: number, act: () => void): void {
      const timer = setTimeout(() => {
        timers.delete(timer);
        act();
      }, ms);
      timers.add(timer);
    },
  } as const;

  const server = createServer((request: IncomingMessage, response: ServerResponse) =>
    exchange(installation, request, response),
  );
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    port: address.port,
    baseUrl: `${origin}${basePath}`,
    controlUrl: `${origin}/_control`,
    get token() {
      return signIn.token;
    },
    control,
    log,
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
