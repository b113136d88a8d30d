import { type Child, startChild } from "./child.ts";

/** An object as KeyBalance shows it. */
export type Row = Readonly<Record<string, string>>;

export interface SimulatorOptions {
  readonly name: string;
  readonly seed: number;
  readonly functions: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** How often a field that may be empty is: 0 to 1. */
  readonly missing: number;
}

/** A KeyBalance installation in a process of its own: its API as anybody sees it, and its control as its own people do. */
export interface Simulator {
  readonly child: Child;
  readonly baseUrl: string;
  readonly token: string;
  /** All objects of a function, read through the API. */
  read(name: string): Promise<readonly Row[]>;
  /** One object through the API. */
  get(name: string, id: string): Promise<Row>;
  /** What a person at the keyboard changes: nothing of it passes the API or its log. */
  edit(name: string, id: string, fields: Row): Promise<Row>;
  /** A person says that the object is in use, so that it cannot be deleted. */
  setInUse(name: string, id: string): Promise<void>;
  /** A DELETE through the API. */
  remove(name: string, id: string): Promise<{ status: number; text: string }>;
  /** Requests that changed this object since the start. */
  writes(name: string, id: string): Promise<number>;
  /** Requests by method since the start. */
  requests(): Promise<Readonly<Record<string, number>>>;
}

interface FirstLine {
  readonly baseUrl: string;
  readonly controlUrl: string;
  readonly token: string;
}

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const counts = Object.entries(options.counts).flatMap(([name, count]) => [`--${name}`, String(count)]);
  const child = startChild("simulators/keybalance/main.ts", [
    ...["--port", "0", "--db", options.name, "--seed", String(options.seed), "--missing", String(options.missing)],
    ...["--functions", options.functions.join(","), ...counts],
  ]);
  // The simulator's own line: it wrote it for whoever starts it.
  const { baseUrl, controlUrl, token } = JSON.parse(await child.firstLine) as FirstLine;
  const at = (name: string, id: string) => `${name}/${encodeURIComponent(id)}`;
  return {
    ...{ child, baseUrl, token },
    read: async (name) => await call<Row[]>("GET", `${baseUrl}/${token}/${name}`),
    get: async (name, id) => await call<Row>("GET", `${baseUrl}/${token}/${at(name, id)}`),
    edit: async (name, id, fields) => await call<Row>("PUT", `${controlUrl}/rows/${at(name, id)}`, fields),
    async setInUse(name, id) {
      await call("POST", `${controlUrl}/in-use`, { table: name, id, inUse: true });
    },
    async remove(name, id) {
      const answer = await fetch(`${baseUrl}/${token}/${at(name, id)}`, { method: "DELETE" });
      return { status: answer.status, text: await answer.text() };
    },
    writes: async (name, id) => (await call<unknown[]>("GET", `${controlUrl}/writes/${at(name, id)}`)).length,
    requests: async () => await call<Record<string, number>>("GET", `${controlUrl}/counts`),
  };
}

/** The body is taken for what the simulator's README says that it is. */
async function call<T>(method: string, url: string, body?: unknown): Promise<T> {
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const answer = await fetch(url, { method, ...sent });
  const text = await answer.text();
  const path = new URL(url).pathname.split("/").slice(-2).join("/");
  if (!answer.ok) throw new Error(`The simulator answers ${answer.status} to ${method} ${path}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as T;
}
