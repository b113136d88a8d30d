import { type DirectorySimulator, startDirectory } from "./server.ts";

/** A document of the index, its inner object: `{ cvrNummer, virksomhedMetadata, … }`. Invented. */
export type CompanyDocument = Readonly<Record<string, unknown>> & { readonly cvrNummer: number };

export interface CvrIndex extends DirectorySimulator {
  readonly user: string;
  readonly password: string;
  put(company: CompanyDocument): void;
  /** The index is renamed: it goes on answering, with nothing. */
  rename(): void;
}

interface Query {
  readonly query?: {
    readonly bool?: {
      readonly filter?: readonly { readonly term?: Readonly<Record<string, string>> }[];
      readonly must?: readonly { readonly match?: Readonly<Record<string, { readonly query: string }>> }[];
    };
  };
  readonly size?: number;
}

const NUMBER = "Vrvirksomhed.cvrNummer";
const NAME = "Vrvirksomhed.virksomhedMetadata.nyesteNavn.navn";

/** The distribution of CVR: Elasticsearch 6 as far as the connector speaks it, with HTTP Basic. */
export async function startCvr(companies: readonly CompanyDocument[]): Promise<CvrIndex> {
  const [user, password] = ["kobling", "hemmeligt-kodeord"];
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const byNumber = new Map(companies.map((company) => [String(company.cvrNummer).padStart(8, "0"), company]));
  let isRenamed = false;
  const put = (company: CompanyDocument): void => {
    byNumber.set(String(company.cvrNummer).padStart(8, "0"), company);
  };
  const server = await startDirectory(({ method, path, headers, body }) => {
    if (method === "PUT" && path === "/_control/companies") {
      put(JSON.parse(body) as CompanyDocument); // whoever controls it says what it holds
      return {};
    }
    if (headers.authorization !== expected) return { status: 401, body: { error: "Unauthorized" } };
    if (method !== "POST" || path !== "/cvr-permanent/virksomhed/_search")
      return { status: 404, body: { error: "no index" } };
    const asked = JSON.parse(body) as Query; // as Elasticsearch takes it
    const found = isRenamed
      ? []
      : [...byNumber].filter(([cvr, company]) => meets(asked, cvr, company)).map(([, company]) => company);
    const hits = found.slice(0, asked.size ?? 10).map((company) => ({
      ...{
        _index: "cvr-v-20220630",
        _type: "_doc",
        _id: String(company.cvrNummer),
        _source: { Vrvirksomhed: company },
      },
    }));
    return { body: { took: 1, timed_out: false, hits: { total: found.length, max_score: null, hits } } };
  });
  return {
    ...{ ...server, user, password },
    put,
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
    filter.every(({ term = {} }) => term[NUMBER] === cvr) &&
    must.every(({ match = {} }) => words(match[NAME]?.query ?? "").every((word) => words(name).includes(word)))
  );
}

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== "");

function nameOf(company: CompanyDocument): string {
  const meta = company.virksomhedMetadata as { nyesteNavn?: { navn?: string } } | undefined; // as the documents above are made
  return meta?.nyesteNavn?.navn ?? "";
}
