import { z } from "zod";
import { RejectedError, RetryableError } from "../../lib/errors.ts";
import type { RemoteImage } from "../../mappings/mapping.ts";
import type { CallTimes, Client, ConnectDeps } from "../connector.ts";
import { countedHttp, directoryClient, readOnly } from "../directory.ts";
import { companyHit, companyQuery } from "../likeness.ts";
import { calls } from "./calls.ts";
import type { Settings } from "./settings.ts";

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 4 * 1024 * 1024;
const TEMPLATE = "GET cs/search/basic";

const text = z.union([z.string(), z.number()]).nullish();
const advertSchema = z.looseObject({
  eniroId: z.union([z.string(), z.number()]),
  companyInfo: z.looseObject({ companyName: text, orgNumber: text }).nullish(),
  address: z.looseObject({ streetName: text, postCode: text, postArea: text }).nullish(),
  phoneNumbers: z.array(z.looseObject({ type: z.string().nullish(), phoneNumber: text })).nullish(),
});
const answerSchema = z.looseObject({ adverts: z.array(advertSchema).nullish() });

/** Calls to Eniro's company search 1.1.3, or to a relay that answers like it. Its keys travel in the query: no URL is told. */
export function krakClient(settings: Settings, deps: ConnectDeps): Client {
  const { baseUrl, profile, key } = settings;
  deps.secret(key);
  const { request, close } = countedHttp(deps, calls, { baseUrl, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });

  async function found(word: string, limit: number): Promise<{ images: RemoteImage[]; times: CallTimes }> {
    const query = { profile, key, country: "dk", version: "1.1.3", search_word: word, from_list: 1, to_list: limit };
    const answer = await request({ method: "GET", template: TEMPLATE, path: "/cs/search/basic", query });
    const parsed = answerSchema.safeParse(answer.json());
    if (!parsed.success)
      throw new RejectedError("bad_answer", "KRAK's answer has another shape than expected", {
        context: { request: TEMPLATE },
      });
    return { images: (parsed.data.adverts ?? []).map(imageOf), times: answer.times };
  }

  return directoryClient({
    async discover() {
      await found("kobling", 1);
      return { objects: { firma: readOnly }, unmapped: [] };
    },

    async search(_, query) {
      const beganAt = deps.clock.now();
      const asked = companyQuery(query, "krakId");
      if (asked === undefined) return { hits: [], times: { beganAt, endedAt: beganAt } };
      const { images, times } = await found(asked, query.limit);
      // Paid adverts come first: what was asked for decides, not their order.
      const hits = images.map((image) => companyHit(factsOf(image), query, "krakId"));
      return { hits: hits.toSorted((a, b) => b.score - a.score), times };
    },

    async get(_, externalId) {
      const { images, times } = await found(externalId, 25);
      const image = images.find((each) => each.eniroId === externalId);
      if (image !== undefined) return { object: { externalId, image }, times };
      // There is no look-up by id: not found by it does not say that it is gone.
      throw new RetryableError("unavailable", "KRAK does not show the advert of this id now", {
        context: { request: TEMPLATE },
      });
    },

    close,
  });
}

const plain = (value: string | number | null | undefined): string | null =>
  value === null || value === undefined || value === "" ? null : String(value);

function imageOf(advert: z.output<typeof advertSchema>): RemoteImage {
  const { companyInfo, address, phoneNumbers } = advert;
  return {
    eniroId: String(advert.eniroId),
    companyName: plain(companyInfo?.companyName),
    orgNumber: plain(companyInfo?.orgNumber),
    streetName: plain(address?.streetName),
    postCode: plain(address?.postCode),
    postArea: plain(address?.postArea),
    country: address === null || address === undefined ? null : "DK",
    phoneNumber: plain(phoneNumbers?.find(({ type }) => type === "std")?.phoneNumber),
  };
}

const factsOf = (image: RemoteImage) => ({
  externalId: String(image.eniroId),
  firmanavn: image.companyName as string | null, // as `imageOf` makes them
  cvrNr: image.orgNumber as string | null,
  adresse1: image.streetName as string | null,
  postnr: image.postCode as string | null,
  bynavn: image.postArea as string | null,
});
