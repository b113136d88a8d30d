import { readCvr } from "../../danish/cvr.ts";
import { ConnectionError, RejectedError, RetryableError } from "../../lib/errors.ts";
import type { CallTimes, Client, ConnectDeps } from "../connector.ts";
import { countedHttp, directoryClient, type Hit, type LookupQuery, readOnly } from "../directory.ts";
import { companyHit } from "../likeness.ts";
import { calls } from "./calls.ts";
import { loadedSince } from "./feed.ts";
import { cvrOf, imageOf } from "./image.ts";
import type { Settings } from "./settings.ts";
import { answerSchema, type Company, sourceParts } from "./wire.ts";

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
const TEMPLATE = "POST cvr-permanent/virksomhed/_search";

/** Calls to the distribution of CVR: an Elasticsearch index, read only. */
export function cvrClient(settings: Settings, deps: ConnectDeps): Client {
  const { baseUrl, user, password } = settings;
  const basic = Buffer.from(`${user}:${password}`).toString("base64");
  deps.secret(password);
  deps.secret(basic);
  const { request, close } = countedHttp(deps, calls, {
    ...{ baseUrl, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, connections: 1 },
    headers: { authorization: `Basic ${basic}` },
  });

  async function ask(query: unknown, size: number): Promise<{ companies: Company[]; times: CallTimes }> {
    const answer = await request({
      ...{ method: "POST", template: TEMPLATE, path: "/cvr-permanent/virksomhed/_search", reads: true },
      json: { _source: sourceParts, query, size },
    });
    const parsed = answerSchema.safeParse(answer.json());
    const context = { request: TEMPLATE };
    if (!parsed.success)
      throw new RejectedError("bad_answer", "CVR's answer has another shape than expected", { context });
    if (parsed.data.timed_out === true) throw new RetryableError("timeout", "CVR answered only in part", { context });
    return { companies: parsed.data.hits.hits.map((hit) => hit._source.Vrvirksomhed), times: answer.times };
  }
  /** A renamed index, or another's, answers every question with nothing: that would read as if no company were left. */
  async function checkCanary(): Promise<void> {
    const { companies } = await byNumber(settings.canary);
    if (companies.some((each) => cvrOf(each) === settings.canary)) return;
    throw new ConnectionError(
      "bad_settings",
      `CVR does not find ${settings.canary}, which it must know: the index has moved, or the settings are another's`,
    );
  }
  const byNumber = (cvr: string) => ask({ bool: { filter: [{ term: { "Vrvirksomhed.cvrNummer": cvr } }] } }, 1);

  return directoryClient({
    async discover() {
      await checkCanary();
      return { objects: { virksomhed: readOnly }, unmapped: [] };
    },

    async search(_, query) {
      const number = numberOf(query);
      if (number !== undefined) {
        const { companies, times } = await byNumber(number);
        return { hits: companies.map((company) => hitOf(company, query)), times };
      }
      const name = query.text?.trim() ?? query.known?.firmanavn;
      const beganAt = deps.clock.now();
      if (typeof name !== "string" || name === "") return { hits: [], times: { beganAt, endedAt: beganAt } };
      const must = [{ match: { "Vrvirksomhed.virksomhedMetadata.nyesteNavn.navn": { query: name, operator: "and" } } }];
      const { companies, times } = await ask({ bool: { must } }, query.limit);
      const hits = companies.map((company) => hitOf(company, query));
      return { hits: hits.toSorted((a, b) => b.score - a.score), times };
    },

    async get(_, externalId) {
      const { companies, times } = await byNumber(externalId);
      const company = companies.find((each) => cvrOf(each) === externalId);
      if (company === undefined) {
        await checkCanary();
        return { gone: true, times };
      }
      return { object: { externalId, image: imageOf(company) }, times };
    },

    ...(settings.feed ? { changed: (_: string, since: Date) => loadedSince(request, since, checkCanary) } : {}),
    close,
  });
}

/** The number that was typed, or that the record has. */
function numberOf({ text, known }: LookupQuery): string | undefined {
  const given = text ?? known?.cvrNr;
  if (typeof given !== "string") return undefined;
  const read = readCvr(given);
  return read.ok ? read.value : undefined;
}

function hitOf(company: Company, query: LookupQuery): Hit {
  // As `imageOf` makes them.
  const { cvrNummer, navn, adresse1, postnr, bynavn } = imageOf(company) as Record<string, string | null>;
  const facts = {
    externalId: cvrOf(company),
    firmanavn: navn ?? null,
    cvrNr: cvrNummer ?? null,
    adresse1: adresse1 ?? null,
  };
  return companyHit({ ...facts, postnr: postnr ?? null, bynavn: bynavn ?? null }, query, "cvrNr");
}
