import { type DirectorySimulator, startDirectory } from "./server.ts";

/** A document of the index, its inner object: `{ cvrNummer, virksomhedMetadata, … }`. Invented. */
export type CompanyDocument = Readonly<Record<string, unknown>> & { readonly cvrNummer: number };

export interface CvrIndex extends DirectorySimulator {
  readonly user: string;
  readonly password: string;
  put(company: CompanyDocument): void;
  /** The next page of a scroll is answered as if its time were over. */
  loseScroll(): void;
  /** The index is renamed: it goes on answering, with nothing. */
  rename(): void;
}

interface Query {
  readonly query?: {
    readonly bool?: {
      readonly filter?: readonly {
        readonly term?: Readonly<Record<string, string>>;
        readonly range?: Readonly<Record<string, { readonly gte: string }>>;
      }[];
      readonly must?: readonly { readonly match?: Readonly<Record<string, { readonly query: string }>> }[];
    };
  };
  readonly sort?: unknown;
  readonly size?: number;
}

const NUMBER = "Vrvirksomhed.cvrNummer";
const LOADED = "Vrvirksomhed.sidstIndlaest";
const NAME = "Vrvirksomhed.virksomhedMetadata.nyesteNavn.navn";

/** The distribution of CVR: Elasticsearch 6 as far as the connector speaks it, with HTTP Basic. */
export async function startCvr(companies: readonly CompanyDocument[]): Promise<CvrIndex> {
  const [user, password] = ["kobling", "hemmeligt-kodeord"];
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const byNumber = new Map(companies.map((company) => [String(company.cvrNummer).padStart(8, "0"), company]));
  let isRenamed = false;
  const scrolls = new Map<string, { readonly size: number; left: readonly CompanyDocument[] }>();
  let scrollCount = 0;
  let isLost = false;
  const put = (company: CompanyDocument): void => {
    byNumber.set(String(company.cvrNummer).padStart(8, "0"), company);
  };
  const server = await startDirectory(({ method, path, query, headers, body }) => {
    if (method === "PUT" && path === "/_control/companies") {
      put(JSON.parse(body) as CompanyDocument); // whoever controls it says what it holds
      return {};
    }
    if (headers.authorization !== expected) return { status: 401, body: { error: "Unauthorized" } };
    const shown = (hits: readonly CompanyDocument[], total: number, more: Record<string, unknown> = {}) => ({
      body: { took: 1, timed_out: false, ...more, hits: { total, max_score: null, hits: hits.map(documentOf) } },
    });
    if (method === "POST" && path === "/_search/scroll") {
      const { scroll_id: id } = JSON.parse(body) as { scroll_id: string }; // as Elasticsearch takes it
      const scroll = isLost ? undefined : scrolls.get(id);
      isLost = false;
      if (scroll === undefined) return { status: 404, body: { error: "search_context_missing_exception" } };
      const hits = scroll.left.slice(0, scroll.size);
      scroll.left = scroll.left.slice(scroll.size);
      return shown(hits, hits.length, { _scroll_id: id });
    }
    if (method !== "POST" || path !== "/cvr-permanent/virksomhed/_search")
      return { status: 404, body: { error: "no index" } };
    const asked = JSON.parse(body) as Query; // as Elasticsearch takes it
    const found = isRenamed
      ? []
      : [...byNumber].filter(([cvr, company]) => meets(asked, cvr, company)).map(([, company]) => company);
    const size = asked.size ?? 10;
    if (!query.has("scroll")) return shown(found.slice(0, size), found.length);
    scrollCount += 1;
    const id = `scroll-${scrollCount}`;
    const sorted = found.toSorted((a, b) => loadedAt(a) - loadedAt(b) || a.cvrNummer - b.cvrNummer);
    scrolls.set(id, { size, left: sorted.slice(size) });
    return shown(sorted.slice(0, size), found.length, { _scroll_id: id });
  });
  return {
    ...{ ...server, user, password },
    put,
    loseScroll: () => {
      isLost = true;
    },
    rename: () => {
      isRenamed = true;
    },
  };
}

function meets({ query }: Query, cvr: string, company: CompanyDocument): boolean {
  const { filter = [], must = [] } = query?.bool ?? {};
  const name = nameOf(company);
  return (
    filter.length + must.length > 0 &&
    filter.every(({ term, range }) =>
      range === undefined ? term?.[NUMBER] === cvr : loadedAt(company) >= Date.parse(range[LOADED]?.gte ?? ""),
    ) &&
    must.every(({ match = {} }) => words(match[NAME]?.query ?? "").every((word) => words(name).includes(word)))
  );
}

/** Documents that say no time of loading are older than any question. */
const loadedAt = ({ sidstIndlaest }: CompanyDocument): number =>
  typeof sidstIndlaest === "string" ? Date.parse(sidstIndlaest) : 0;

const documentOf = (company: CompanyDocument) => ({
  ...{ _index: "cvr-v-20220630", _type: "_doc", _id: String(company.cvrNummer) },
  _source: { Vrvirksomhed: company },
});

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== "");

function nameOf(company: CompanyDocument): string {
  const meta = company.virksomhedMetadata as { nyesteNavn?: { navn?: string } } | undefined; // as the documents above are made
  return meta?.nyesteNavn?.navn ?? "";
}
