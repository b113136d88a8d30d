import { type DirectorySimulator, startDirectory } from "./server.ts";

/** An advert of the company search. Invented. */
export interface Advert {
  readonly eniroId: string | number;
  readonly companyName: string;
  readonly orgNumber?: string;
  readonly streetName?: string;
  readonly postCode?: string;
  readonly postArea?: string;
  readonly phoneNumber?: string;
}

export interface CompanySearch extends DirectorySimulator {
  readonly profile: string;
  readonly key: string;
}

/** Eniro's company search 1.1.3, as far as clients have told of it. */
export async function startCompanySearch(adverts: readonly Advert[]): Promise<CompanySearch> {
  const [profile, key] = ["firma", "krak-noegle-123"];
  const server = await startDirectory(({ path, query }) => {
    if (query.get("profile") !== profile || query.get("key") !== key) return { status: 401, body: {} };
    if (path !== "/cs/search/basic" || query.get("version") !== "1.1.3" || query.get("country") !== "dk")
      return { status: 404, body: {} };
    const words = (query.get("search_word") ?? "")
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const found = adverts.filter((advert) => {
      const own = Object.values(advert).join(" ").toLowerCase();
      return words.length > 0 && words.every((word) => own.includes(word));
    });
    const from = Number(query.get("from_list") ?? 1);
    const shown = found.slice(from - 1, Number(query.get("to_list") ?? 25));
    const body = {
      title: "Company Search",
      totalHits: found.length,
      totalCount: found.length,
      startIndex: from,
      itemsPerPage: shown.length,
    };
    return { body: { ...body, adverts: shown.map(advertOf) } };
  });
  return { ...server, profile, key };
}

const advertOf = (advert: Advert) => ({
  eniroId: advert.eniroId,
  companyInfo: { companyName: advert.companyName, orgNumber: advert.orgNumber ?? null, companyText: null },
  address: {
    streetName: advert.streetName ?? null,
    postCode: advert.postCode ?? null,
    postArea: advert.postArea ?? null,
    postBox: null,
    coName: null,
  },
  location: { coordinates: [] },
  phoneNumbers:
    advert.phoneNumber === undefined
      ? null
      : [
          { type: "fax", phoneNumber: "99999999" },
          { type: "std", phoneNumber: advert.phoneNumber, label: null },
        ],
  companyReviews: null,
  homepage: "http://api.eniro.com/proxy/homepage/AAAA",
});
