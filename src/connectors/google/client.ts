import type { ZodType } from "zod";
import { addressKey } from "../../danish/address.ts";
import { nameKey } from "../../danish/company-name.ts";
import { ConnectionError, RejectedError } from "../../lib/errors.ts";
import type { HttpAnswer, HttpRequest } from "../../lib/http.ts";
import type { Client, ConnectDeps } from "../connector.ts";
import { countedHttp, directoryClient, type Hit, type LookupQuery, readOnly } from "../directory.ts";
import { calls } from "./calls.ts";
import { addressOf, imageOf } from "./image.ts";
import type { Settings } from "./settings.ts";
import { storeMsOf } from "./terms.ts";
import { errorSchema, PLACE_MASK, type Place, placeSchema, SEARCH_MASK, searchSchema } from "./wire.ts";

const TIMEOUT_MS = 8_000;
const MAX_BYTES = 2 * 1024 * 1024;

/** Calls to Places API (New): text search and details, each with the mask of what is paid for. */
export function googleClient(settings: Settings, deps: ConnectDeps): Client {
  const { baseUrl, apiKey, language, region } = settings;
  deps.secret(apiKey);
  const { request, close } = countedHttp(deps, calls, {
    ...{ baseUrl, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES },
    headers: { "x-goog-api-key": apiKey },
  });

  async function ask(call: HttpRequest, mask: string): Promise<HttpAnswer> {
    const answer = await request({ ...call, headers: { "x-goog-fieldmask": mask }, expect: [400, 404] });
    if (answer.status === 400) throw refusal(answer, call.template);
    return answer;
  }

  async function found(textQuery: string, pageSize: number): Promise<{ places: readonly Place[]; answer: HttpAnswer }> {
    const template = "POST places:searchText";
    const json = { textQuery, languageCode: language, regionCode: region, pageSize };
    const answer = await ask(
      { method: "POST", template, path: "/v1/places:searchText", json, reads: true },
      SEARCH_MASK,
    );
    return { places: read(answer, searchSchema, template).places ?? [], answer };
  }

  return directoryClient({
    async discover() {
      await found("København", 1);
      return { objects: { sted: readOnly }, unmapped: [] };
    },

    async search(_, query) {
      const text = textOf(query);
      const beganAt = deps.clock.now();
      if (text === undefined) return { hits: [], times: { beganAt, endedAt: beganAt } };
      const { places, answer } = await found(text, query.limit);
      return { hits: places.map((place, rank) => hitOf(place, rank, query)), times: answer.times };
    },

    async get(_, externalId) {
      const template = "GET places/{id}";
      const path = `/v1/places/${encodeURIComponent(externalId)}`;
      const query = { languageCode: language, regionCode: region };
      const answer = await ask({ method: "GET", template, path, query }, PLACE_MASK);
      const { times } = answer;
      if (answer.status === 404) return { gone: true, times };
      const place = read(answer, placeSchema, template);
      // Ids may change: asked for the old one, Google answers with the new.
      const movedTo = place.movedPlaceId ?? (place.id === externalId ? undefined : place.id);
      if (movedTo !== undefined) return { gone: true, replacedBy: movedTo, times };
      const image = imageOf(place, new Date(times.endedAt.getTime() + storeMsOf(settings)));
      return { object: { externalId, image }, times };
    },

    close,
  });
}

/** What is typed, or name and address of a record. */
function textOf({ text, known }: LookupQuery): string | undefined {
  if (text !== undefined) return text.trim() === "" ? undefined : text.trim();
  const { firmanavn, adresse1, postnr, bynavn } = known ?? {};
  if (typeof firmanavn !== "string" || firmanavn === "") return undefined;
  return [firmanavn, adresse1, postnr, bynavn].filter((part) => typeof part === "string" && part !== "").join(", ");
}

/** Sure only where name and address are the record's: Google's first is its best guess. */
function hitOf(place: Place, rank: number, { known }: LookupQuery): Hit {
  const name = place.displayName?.text ?? "";
  const ours = known === undefined ? null : addressKey(known as Record<string, string | null>); // flat texts of the catalogue
  const isNamed = typeof known?.firmanavn === "string" && nameKey(known.firmanavn).key === nameKey(name).key;
  const isSame = isNamed && ours !== null && ours === addressKey(addressOf(place));
  const score = isSame ? 1 : Math.max(0.1, 0.9 - 0.05 * rank);
  return { externalId: place.id, title: name, detail: place.formattedAddress ?? null, score };
}

function read<T>(answer: HttpAnswer, schema: ZodType<T>, template: string): T {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  throw new RejectedError("bad_answer", "Google's answer has another shape than expected", {
    context: { request: template },
  });
}

function refusal(answer: HttpAnswer, template: string): Error {
  const parsed = errorSchema.safeParse(answer.json());
  const reasons = parsed.data?.error.details?.flatMap(({ reason }) => reason ?? []) ?? [];
  const context = { request: template, status: answer.status, reasons };
  if (reasons.includes("API_KEY_INVALID"))
    return new ConnectionError("unauthorized", "Google does not accept the key", { context });
  return new RejectedError("refused_by_remote", "Google refused the question", { context });
}
