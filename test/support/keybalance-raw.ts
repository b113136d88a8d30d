import { onTestFinished } from "vitest";
import { type KeyBalanceOptions, type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import { type RawAnswer, requestBytes, sendRaw } from "./raw-http.ts";

export interface RawKeyBalance extends Simulator {
  /** One request below `…/API2/<token>`, as raw bytes. */
  call(method: string, path: string, body?: unknown): Promise<RawAnswer>;
  /** The same, its JSON read. */
  json<T = Record<string, string>>(method: string, path: string, body?: unknown): Promise<T>;
  /** One request at the control's port. */
  steer<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
}

export const TOKEN = "0f3a6c1e-1111-4222-8333-444455556666";

/** A simulator for one test, closed after it, spoken to by bytes alone. */
export async function startRaw(options: KeyBalanceOptions = {}): Promise<RawKeyBalance> {
  const simulator = await startKeyBalance({ token: TOKEN, ...options });
  onTestFinished(() => simulator.close());
  const send = (method: string, path: string, body?: unknown) =>
    sendRaw(simulator.port, requestBytes(method, encodeURI(path), body === undefined ? undefined : textOf(body)));
  const call = (method: string, path: string, body?: unknown) =>
    send(method, `/firma/API2/${simulator.token}${path}`, body);
  // The caller says the shape that the test is about; a wrong one fails the test's own assertions.
  return Object.assign(Object.create(simulator), {
    call,
    json: async (method: string, path: string, body?: unknown) => JSON.parse((await call(method, path, body)).body),
    steer: async (method: string, path: string, body?: unknown) =>
      JSON.parse((await send(method, `/_control${path}`, body)).body),
  }) as RawKeyBalance;
}

const textOf = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body));
