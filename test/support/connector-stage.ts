import { startKeyBalance } from "../../simulators/keybalance/server.ts";
import type { Client, ConnectorDefinition, TokenStore } from "../../src/connectors/connector.ts";
import { compileMapping } from "../../src/mappings/compile.ts";
import type { CompiledMapping } from "../../src/mappings/mapping.ts";

export type Row = Readonly<Record<string, string>>;

/** What can be made to happen to the next call that fits. */
export type Mishap =
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: number }
  | { readonly kind: "reset" }
  | { readonly kind: "torn"; readonly bytes: number }
  | { readonly kind: "inUse" };

/** A connector before a remote that a test has in its hands: what every connector's promises are shown on. */
export interface Stage {
  readonly client: Client;
  readonly mapping: CompiledMapping;
  /** A second client whose credentials the remote does not know. */
  readonly stranger: Client;
  /** Texts that may stand in no error. */
  readonly secrets: readonly string[];
  /** Puts rows there behind the connector's back; ids in order. */
  plant(rows: readonly Row[]): string[];
  /** The row as the remote has it. */
  row(id: string): Row | undefined;
  vanish(id: string): void;
  renumber(id: string, to: string): void;
  strike(mishap: Mishap): void;
  /** Leaves these verbs of the object on. */
  switchOff(kept: readonly ("get" | "put" | "post" | "delete")[]): void;
  /** Nobody listens any more. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export const OBJECT = "debitor";
const FUNCTION = "Debitorer";

/** One process, nothing to seal: the newest token, renewed when the one in force is refused. */
export function memoryTokens(): TokenStore {
  let current: string | undefined;
  return {
    async token(renew, refused) {
      if (current === undefined || current === refused) current = (await renew()).token;
      return current;
    },
  };
}

function getMapping(definition: ConnectorDefinition): CompiledMapping {
  const shipped = definition.mappings[OBJECT];
  const compiled = shipped === undefined ? { faults: ["no mapping"] } : compileMapping(shipped);
  if ("faults" in compiled) throw new Error(compiled.faults.join("; "));
  return compiled.mapping;
}

/** KeyBalance's connector before its simulator, over HTTP. `wrap` stands between the client and the promises. */
export async function keybalanceStage(
  definition: ConnectorDefinition,
  wrap: (client: Client, secrets: readonly string[]) => Client = (client) => client,
): Promise<Stage> {
  const simulator = await startKeyBalance({ renumbered: "told" });
  const { control, baseUrl, token } = simulator;
  const wrong = "11111111-2222-3333-4444-555555555555";
  const connect = (settings: unknown): Client => {
    if (definition.connect === undefined) throw new Error(`${definition.name} is not called`);
    const { mappings } = definition;
    const deps = { clock: { now: () => new Date() }, tokens: memoryTokens(), secret: () => undefined, mappings };
    return wrap(definition.connect(definition.settings.parse(settings), deps), [token, wrong]);
  };
  const client = connect({ baseUrl, token });
  const stranger = connect({ baseUrl, token: wrong });
  const key = getMapping(definition).key;
  let isUp = true;
  const stop = async () => {
    if (isUp) await simulator.close();
    isUp = false;
  };
  return {
    client,
    stranger,
    mapping: getMapping(definition),
    secrets: [token, wrong],
    plant: (rows) => rows.map((row) => control.create(FUNCTION, row)[key] ?? ""),
    row: (id) => control.row(FUNCTION, id),
    vanish: (id) => control.remove(FUNCTION, id),
    renumber: (id, to) => void control.renumber(FUNCTION, id, to),
    strike(mishap) {
      const once = { function: FUNCTION, times: 1 };
      if (mishap.kind === "reset") control.addFault({ ...once, fault: { kind: "reset", when: "after" } });
      else if (mishap.kind === "torn") control.addFault({ ...once, fault: { kind: "cutBody", bytes: mishap.bytes } });
      else if (mishap.kind === "inUse") control.addFault({ ...once, fault: { kind: "refuseDelete" } });
      else control.addFault({ ...once, fault: mishap });
    },
    switchOff: (verbs) => void control.configure(FUNCTION, { verbs }),
    stop,
    async close() {
      await client.close();
      await stranger.close();
      await stop();
    },
  };
}
