import type { AudienceBatch, AudienceClient, AudienceReceipt } from "../../src/connectors/audience.ts";
import type { ConnectDeps } from "../../src/connectors/connector.ts";
import { connectors } from "../../src/connectors/index.ts";

export const campaign = {
  ...{ id: "01990000-0000-7000-8000-000000000001", name: "Efterår 2026" },
  ...({ purpose: "markedsfoering", channel: "email" } as const),
};

const member = (name: string) => ({
  ...{ id: `id-${name}`, key: `${name}@firma.dk`, address: `${name.toUpperCase()}@firma.dk` },
  ...{ navn: `Person ${name}`, firmanavn: `Firma ${name} ApS` },
});

export const batchOf = (id: string, adds: readonly string[], removes: readonly string[] = []): AudienceBatch => ({
  ...{ id, campaign, adds: adds.map(member) },
  removes: removes.map((name) => ({ id: `id-${name}`, key: `${name}@firma.dk`, reason: "criterion" })),
});

/** The client of a campaign tool, as the gateway opens it. */
export function connectAudience(name: string, settings: Record<string, unknown>): AudienceClient {
  const definition = connectors.find((each) => each.name === name);
  if (definition?.audience === undefined) throw new Error(`${name} takes no audiences`);
  let token: string | undefined;
  const deps: ConnectDeps = {
    clock: { now: () => new Date() },
    tokens: {
      async token(renew, refused) {
        if (token === undefined || token === refused) token = (await renew()).token;
        return token;
      },
    },
    secret: () => undefined,
    mappings: {},
  };
  return definition.audience.connect(definition.settings.parse(settings), deps);
}

/** Sends a batch and asks until every member has its receipt. */
export async function carried(client: AudienceClient, sent: AudienceBatch): Promise<readonly AudienceReceipt[]> {
  let answer = await client.send(sent);
  for (let asked = 0; asked < 100; asked += 1) {
    if (answer.kind === "receipts") return answer.receipts;
    answer = (await client.check?.(answer.ticket, sent)) ?? answer;
  }
  throw new Error("The tool never ends");
}

/** What a promise failed with; undefined: it did not. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
