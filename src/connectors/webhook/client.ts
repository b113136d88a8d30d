import { ConnectionError } from "../../lib/errors.ts";
import { httpClient } from "../../lib/http.ts";
import { signedHeaders } from "../../lib/standard-webhooks.ts";
import type { AudienceBatch, AudienceClient, AudienceReceipt } from "../audience.ts";
import type { ConnectDeps } from "../connector.ts";
import type { Settings } from "./settings.ts";
import { answerSchema } from "./wire.ts";

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 1024 * 1024;
const TYPE = "audience.changed";
const REQUEST = "POST receiver";

/** Posts audiences to whoever takes them, signed. A batch that is sent again has the same `webhook-id`. */
export function webhookClient(settings: Settings, deps: ConnectDeps): AudienceClient {
  const { url, secret, previousSecret, form } = settings;
  const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
  for (const each of secrets) deps.secret(each);
  const { origin, pathname, search } = new URL(url);
  const { request, close } = httpClient({
    ...{ baseUrl: origin, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, clock: deps.clock },
    headers: { "user-agent": "Kobling" },
  });

  async function post(id: string, type: string, data: object): Promise<string> {
    const at = deps.clock.now();
    const body = JSON.stringify(
      form === "cloudevents" ? eventOf(id, type, at, data) : { type, timestamp: at.toISOString(), data },
    );
    const contentType = form === "cloudevents" ? "application/cloudevents+json" : "application/json";
    const answer = await request({
      ...{ method: "POST", template: REQUEST, path: pathname + search, body, expect: [410] },
      headers: { ...signedHeaders(secrets, id, at, body), "content-type": contentType },
    });
    if (answer.status === 410)
      throw new ConnectionError("gone", "The receiver takes no more (410 Gone)", { context: { request: REQUEST } });
    return answer.text;
  }

  return {
    async discover() {
      await post(`ping-${deps.clock.now().getTime()}`, "audience.ping", {});
    },
    async send(batch) {
      return { kind: "receipts", receipts: receiptsIn(await post(batch.id, TYPE, dataOf(batch)), batch) };
    },
    close,
  };
}

const eventOf = (id: string, type: string, at: Date, data: object) => ({
  ...{ specversion: "1.0", id, source: "urn:kobling", type: `dk.kobling.${type}`, time: at.toISOString() },
  datacontenttype: "application/json",
  data,
});

const dataOf = ({ campaign, adds, removes }: AudienceBatch) => ({
  campaign,
  adds: adds.map(({ id, address, navn, firmanavn }) => ({ id, address, navn, firmanavn })),
  removes: removes.map(({ id, key, reason }) => ({ id, address: key, reason })),
});

/** Whoever is not named was taken. */
function receiptsIn(text: string, { adds, removes }: AudienceBatch): AudienceReceipt[] {
  const keys = new Map([...adds, ...removes].map(({ id, key }) => [id, key]));
  const read = answerSchema.safeParse(parsed(text));
  if (!read.success) return []; // it answers what it likes: taken is taken
  const named = (id: string): string[] => [keys.get(id) ?? []].flat();
  return [
    ...(read.data.refused ?? []).flatMap(({ id, code }) =>
      named(id).map((key): AudienceReceipt => ({ key, outcome: "refused", ...(code === undefined ? {} : { code }) })),
    ),
    ...(read.data.optedOut ?? []).flatMap(({ id, at }) =>
      named(id).map((key): AudienceReceipt => ({ key, outcome: "opted_out", ...(at === undefined ? {} : { at }) })),
    ),
  ];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON: nothing was said of anybody
  }
}
