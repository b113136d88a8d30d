import type { ReadMappings } from "../config/mappings.ts";
import type { KoblingConfig } from "../config/resolved.ts";
import type { AudienceClient } from "../connectors/audience.ts";
import type { Client, ConnectDeps, ConnectorDefinition, FileDrop, TokenStore } from "../connectors/connector.ts";
import { connectors } from "../connectors/index.ts";
import type { Redactor } from "../lib/secrets.ts";
import { testConnection } from "../pipelines/steering.ts";

/**
 * Signs in at each connection of the configuration, one after the other, and says what it finds; writes nothing and needs
 * no database. Gives the names of those that are not in order.
 */
export async function tryConnections(
  { config, mappings, redactor }: { config: KoblingConfig; mappings: ReadMappings["mappings"]; redactor: Redactor },
  say: (line: string) => void,
): Promise<string[]> {
  const failed: string[] = [];
  const open: (Client | AudienceClient | FileDrop)[] = [];
  const connectorOf = (name: string): ConnectorDefinition => {
    const found = connectors.find((each) => each.name === config.connections[name]?.connector);
    if (found === undefined) throw new Error(`A checked configuration names no connector for ${name}`);
    return found;
  };
  const connection = (name: string) => {
    const found = config.connections[name];
    if (found === undefined) throw new Error(`A checked configuration has no connection ${name}`);
    return found;
  };
  const depsOf = (name: string): ConnectDeps => ({
    clock: { now: () => new Date() },
    tokens: tokenInMemory(),
    secret: redactor.add,
    mappings: Object.fromEntries([...(mappings.get(name) ?? [])].map(([object, { mapping }]) => [object, mapping])),
  });
  const clientOf = (name: string): Client => {
    const connector = connectorOf(name);
    if (connector.connect === undefined) throw new Error(`${name} cannot be called`);
    const client = connector.connect(connector.settings.parse(connection(name).settings), depsOf(name));
    open.push(client);
    return client;
  };
  const audienceOf = (name: string): AudienceClient => {
    const { audience, settings } = connectorOf(name);
    if (audience === undefined) throw new Error(`${name} is no campaign tool`);
    const client = audience.connect(settings.parse(connection(name).settings), depsOf(name));
    open.push(client);
    return client;
  };
  const dropOf = (name: string): FileDrop => {
    const { drop, settings } = connectorOf(name);
    if (drop === undefined) throw new Error(`${name} takes no files`);
    const place = drop(settings.parse(connection(name).settings), depsOf(name));
    open.push(place);
    return place;
  };
  try {
    for (const name of Object.keys(config.connections)) {
      if (connectorOf(name).mode !== "call") {
        say(`${name}: pushes and pulls by itself, so it cannot be asked.`);
        continue;
      }
      let client: Client | undefined;
      const { ok, unmapped, sample, faults } = await testConnection(
        {
          connection,
          connectorOf,
          clientOf: (wanted) => {
            client ??= clientOf(wanted);
            return client;
          },
          audienceOf,
          dropOf,
          mappingOf: (wanted, object) => mappings.get(wanted)?.get(object)?.compiled,
          limits: { call: (_, call) => call() },
        },
        name,
      );
      if (!ok) failed.push(name);
      for (const fault of faults) say(`${name}: ${fault.message}`);
      if (ok) {
        const { audience, drop } = connectorOf(name);
        const read =
          audience !== undefined
            ? "it takes audiences"
            : drop !== undefined
              ? "it takes files"
              : sample === null
                ? "no object there to read"
                : `read ${sample.object} ${sample.externalId}`;
        say(`${name}: signed in, ${read}.`);
      }
      if (unmapped.length > 0) say(`${name}: not mapped: ${unmapped.join(", ")}`);
    }
    return failed;
  } finally {
    await Promise.all(open.map((client) => client.close()));
  }
}

/** A token for the length of one command. */
function tokenInMemory(): TokenStore {
  let token: string | undefined;
  return {
    async token(renew, refused) {
      if (token === undefined || token === refused) token = (await renew()).token;
      return token;
    },
  };
}
