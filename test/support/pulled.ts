import type { Values } from "../../src/model/catalogue.ts";
import { editEntity } from "../../src/pipelines/edit.ts";
import { leaseOutbound, receiptOutbound } from "../../src/pipelines/outbound.ts";
import type { Receipt } from "../../src/pipelines/receipts.ts";
import { type Envelope, receive } from "../../src/pipelines/receive.ts";
import { type Engine, person, startEngine } from "./engine.ts";

/** What a test asserts on, by column. */
// biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it takes a column for
type Columns = Record<string, any>;

export interface Pulled {
  readonly engine: Engine;
  ask(query: string, values?: readonly (string | number | null)[]): Promise<Columns[]>;
  push(connection: string, envelope: Envelope): Promise<void>;
  lease(connection: string, options?: { limit?: number; waitMs?: number }): ReturnType<typeof leaseOutbound>;
  receipt(connection: string, ...receipts: Receipt[]): ReturnType<typeof receiptOutbound>;
  edit(id: string, patch: Values): Promise<void>;
  /** The one Kundeemne, or the one of this name. */
  record(name?: string): Promise<Columns>;
  link(connection: string, externalId: string): Promise<Columns>;
}

/** Systems that push and pull, all released: debitorer of `erp` and `other`. Nothing is called. */
export async function startPulled(
  wish: Record<string, Record<string, unknown>> = { erp: {} },
  config: Omit<Parameters<typeof startEngine>[0], "connections"> = {},
): Promise<Pulled> {
  const connections = Object.fromEntries(
    Object.entries(wish).map(([name, more]) => [
      name,
      {
        connector: "api",
        objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in", ...more } },
      },
    ]),
  );
  const engine = await startEngine({ ...config, connections });
  const { deps } = engine;
  const { sql } = deps.db;
  await sql.unsafe("update lanes set released_in = true, released_out = true");
  const ask: Pulled["ask"] = async (query, values = []) => [...(await sql.unsafe(query, [...values]))];
  return {
    engine,
    ask,
    async push(connection, envelope) {
      await receive(deps, { connection, object: "debitor", via: "push" }, [envelope]);
      await engine.work();
    },
    lease: (connection, { limit = 100, waitMs = 0 } = {}) =>
      leaseOutbound(deps, { connection, object: "debitor", limit, waitMs }),
    receipt: (connection, ...receipts) => receiptOutbound(deps, { connection }, receipts),
    async edit(id, patch) {
      await editEntity(deps, { entity: "kundeemne", id, patch, by: person });
    },
    async record(name) {
      const [found] =
        name === undefined
          ? await ask("select * from kundeemner")
          : await ask("select * from kundeemner where firmanavn = $1", [name]);
      if (found === undefined) throw new Error("No such record");
      return found;
    },
    async link(connection, externalId) {
      const [found] = await ask("select * from links where connection = $1 and external_id = $2", [
        connection,
        externalId,
      ]);
      if (found === undefined) throw new Error("No such link");
      return found;
    },
  };
}
