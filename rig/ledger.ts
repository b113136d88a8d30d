import { request } from "undici";
import { type Program, startProgram } from "./program.ts";

/** A KeyBalance ledger in a process of its own: the target of deliveries, ours and the bare ones. */
export interface Ledger {
  readonly program: Program;
  readonly origin: string;
  readonly baseUrl: string;
  readonly token: string;
  /** What a person at the ledger, or a fault, does past its API; answers as the simulator's control says. */
  control<T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T>;
  /** What it was asked since the last call, by this method or by any, as requests to send again; reads have no body. */
  takeRequests(method?: "POST" | "PUT"): Promise<readonly { method: string; path: string; body?: string }[]>;
  /** One row as it stands, past the API; undefined where there is none. */
  row(id: string): Promise<Readonly<Record<string, string>> | undefined>;
}

interface FirstLine {
  readonly baseUrl: string;
  readonly controlUrl: string;
}

interface Logged {
  readonly method: string;
  readonly function: string;
  readonly id: string | null;
  readonly body: unknown;
}

/** Two with the same token can be sent the same requests. */
export async function startLedger(logLimit: number, token = "rig"): Promise<Ledger> {
  const program = startProgram([
    ...["simulators/keybalance/main.ts", "--port", "0", "--functions", "Debitorer"],
    ...["--log-limit", String(logLimit), "--token", token],
  ]);
  const { baseUrl, controlUrl } = JSON.parse(await program.firstLine) as FirstLine; // the simulator's own line
  const { origin, pathname } = new URL(baseUrl);
  return {
    ...{ program, origin, baseUrl, token },
    async control<T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await request(`${controlUrl}/${path}`, { method, ...sent });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`);
      return JSON.parse(text) as T; // as the simulator's README says
    },
    async takeRequests(method) {
      const answer = await request(`${controlUrl}/log${method === undefined ? "" : `?method=${method}`}`);
      const logged = (await answer.body.json()) as Logged[]; // as the simulator's README says
      await (await request(`${controlUrl}/log`, { method: "DELETE" })).body.dump();
      return logged.map((each) => ({
        method: each.method,
        path: `${pathname}/${token}/${each.function}${each.id && each.method !== "POST" ? `/${encodeURIComponent(each.id)}` : ""}`,
        ...(each.method === "GET" ? {} : { body: JSON.stringify(each.body) }),
      }));
    },
    async row(id) {
      const answer = await request(`${controlUrl}/rows/Debitorer/${encodeURIComponent(id)}`);
      if (answer.statusCode === 404) return void (await answer.body.dump());
      return (await answer.body.json()) as Record<string, string>;
    },
  };
}
