import type { ZodType } from "zod";
import { readStreet } from "../../danish/address.ts";
import { RejectedError } from "../../lib/errors.ts";
import type { HttpAnswer } from "../../lib/http.ts";
import type { RemoteImage } from "../../mappings/mapping.ts";
import type { CallTimes, Client, ConnectDeps } from "../connector.ts";
import { countedHttp, directoryClient, type Hit, type LookupQuery, readOnly } from "../directory.ts";
import { calls } from "./calls.ts";
import { positionOf } from "./position.ts";
import type { Settings } from "./settings.ts";
import { spellingsOf } from "./spellings.ts";
import { addressSchema, type House, houseNumberSchema, searchSchema, washSchema } from "./wire.ts";

const TIMEOUT_MS = 8_000;
const MAX_BYTES = 4 * 1024 * 1024;
/** The search takes no more. */
const LONGEST = 73;
/** An address without floor and door is one of another register, with ids of its own. */
const HOUSE = "husnummer:";
const CLOSED = "4";
/** What Adressevask corrected is near what was asked, and never sure. */
const WASHED = 0.9;

/** Calls to Adressevælger (search, records) and Adressevask, the open Danish address services. */
export function addressesClient(settings: Settings, deps: ConnectDeps): Client {
  const { baseUrl, token } = settings;
  deps.secret(token);
  const { request, close } = countedHttp(deps, calls, { baseUrl, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  const ask = (template: string, path: string, query: Record<string, string | number> = {}): Promise<HttpAnswer> =>
    request({ method: "GET", template, path, query: { ...query, token }, expect: [404] });

  async function found(text: string, limit: number): Promise<{ hits: Hit[]; times: CallTimes }> {
    const template = "GET adresser/soeg";
    const answer = await ask(template, "/adresser/soeg", { tekst: text.slice(0, LONGEST), maksimum: limit });
    const { status, fund = [] } = read(answer, searchSchema, template);
    if (status !== "ok") throw failed(template);
    const hits = fund
      .filter(({ type, id }) => id !== undefined && (type === "adresse" || type === "husnummer"))
      .map(({ type, id = "", titel }, rank) => ({
        ...{ externalId: type === "adresse" ? id : `${HOUSE}${id}`, title: titel, detail: null },
        score: sameAddress(titel, text) ? 1 : Math.max(0.1, 0.9 - 0.05 * rank),
      }));
    return { hits, times: answer.times };
  }

  async function washed(text: string): Promise<Hit[]> {
    const answer = await ask("GET vask", "/vask/", { adresse: text });
    const { vaskeresultat: of } = read(answer, washSchema, "GET vask");
    if (!of?.adresse_id_lokalid || !of.adressebetegnelse || String(of.status) === CLOSED) return [];
    return [{ externalId: of.adresse_id_lokalid, title: of.adressebetegnelse, detail: null, score: WASHED }];
  }

  return directoryClient({
    async discover() {
      await found("Eksempelvej 1", 1);
      return { objects: { adresse: readOnly }, unmapped: [] };
    },

    async search(_, query) {
      const asked = textOf(query);
      const beganAt = deps.clock.now();
      if (asked === undefined) return { hits: [], times: { beganAt, endedAt: beganAt } };
      for (const text of spellingsOf(asked)) {
        const { hits, times } = await found(text, query.limit);
        if (hits.length > 0) return { hits, times };
      }
      return { hits: await washed(asked), times: { beganAt, endedAt: deps.clock.now() } };
    },

    async get(_, externalId) {
      const isHouse = externalId.startsWith(HOUSE);
      const id = encodeURIComponent(isHouse ? externalId.slice(HOUSE.length) : externalId);
      const template = isHouse ? "GET husnumre/{id}" : "GET adresser/{id}";
      const answer = await ask(template, isHouse ? `/husnumre/${id}` : `/adresser/${id}`);
      const { times } = answer;
      if (answer.status === 404) return { gone: true, times };
      if (isHouse) {
        const { husnummer } = read(answer, houseNumberSchema, template);
        if (husnummer === undefined) throw failed(template);
        if (String(husnummer.status) === CLOSED) return { gone: true, times };
        return { object: { externalId, image: imageOf(externalId, husnummer, "") }, times };
      }
      const { adresse } = read(answer, addressSchema, template);
      if (adresse === undefined) throw failed(template);
      if (String(adresse.status) === CLOSED) return { gone: true, times };
      const unit = unitOf(adresse.etagebetegnelse ?? "", adresse.doerbetegnelse ?? "");
      return { object: { externalId, image: imageOf(externalId, adresse.husnummer, unit) }, times };
    },

    close,
  });
}

/** What is typed, or the address of a record in Denmark; undefined: there is nothing to look for here. */
function textOf({ text, known }: LookupQuery): string | undefined {
  if (text !== undefined) return text.trim() === "" ? undefined : text.trim();
  const { adresse1, postnr, bynavn, landekode } = known ?? {};
  if (typeof adresse1 !== "string" || adresse1 === "") return undefined;
  if (typeof landekode === "string" && landekode !== "" && landekode !== "DK") return undefined;
  const place = [postnr, bynavn].filter((part) => typeof part === "string" && part !== "").join(" ");
  return place === "" ? adresse1 : `${adresse1}, ${place}`;
}

function sameAddress(a: string, b: string): boolean {
  const [one, other] = [a, b].map(keyOf);
  return one !== null && one === other;
}

/** `Eksempelvej 1, 2. tv, 9999 Prøveby` as street, number, floor, door and postal code; null without a postal code. */
function keyOf(text: string): string | null {
  const [, adresse1, postnr] = /^(.*),\s*(\d{4})(?:\s.*)?$/su.exec(text.trim()) ?? [];
  if (adresse1 === undefined || postnr === undefined) return null;
  const { streetKey, no, letter, to, floor, door, rest } = readStreet(adresse1);
  return JSON.stringify([streetKey, no, letter, to, floor, door, rest, postnr]);
}

const unitOf = (floor: string, door: string): string =>
  floor === "" ? "" : `, ${floor}.${door === "" ? "" : ` ${door}`}`;

function imageOf(id: string, house: House, unit: string): RemoteImage {
  const { x, y } = house.adgangspunkt?.koordinater ?? {};
  const position = typeof x === "number" && typeof y === "number" ? positionOf(x, y) : undefined;
  return {
    id,
    adresse1: `${house.vejnavn} ${house.husnummertekst}${unit}`,
    postnr: house.postnummer.postnr,
    bynavn: house.postnummer.navn ?? null,
    landekode: "DK",
    ...(position === undefined ? {} : { ...position, kilde: "dar", praecision: "adgangspunkt" }),
  };
}

function read<T>(answer: HttpAnswer, schema: ZodType<T>, template: string): T {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  throw new RejectedError("bad_answer", "The address service's answer has another shape than expected", {
    context: { request: template },
  });
}

const failed = (template: string): RejectedError =>
  new RejectedError("refused_by_remote", "The address service could not answer", { context: { request: template } });
