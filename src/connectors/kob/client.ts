import { ConnectionError, RetryableError, UncertainError } from "../../lib/errors.ts";
import { contentHash } from "../../lib/hash.ts";
import type { RemoteImage } from "../../mappings/mapping.ts";
import type { CallTimes, Client, ConnectDeps } from "../connector.ts";
import { countedHttp, directoryClient, readOnly } from "../directory.ts";
import { companyHit, companyQuery } from "../likeness.ts";
import { readAnswer } from "../read-answer.ts";
import { calls } from "./calls.ts";
import type { Settings } from "./settings.ts";
import { foundListSchema, type Report, reportSchema, type Standing, standingSchema } from "./wire.ts";

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 4 * 1024 * 1024;
const SEARCH = "GET v1/companies";
const STANDING = "GET v1/companies/{id}";
const ORDER = "POST v1/companies/{id}/reports";

/** Calls to a relay of the credit bureau. Searching is free; a report may be charged, so none is ordered twice. */
export function kobClient(settings: Settings, deps: ConnectDeps): Client {
  const { baseUrl, key, purpose } = settings;
  deps.secret(key);
  const { request, close } = countedHttp(deps, calls, {
    ...{ baseUrl, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES },
    headers: { authorization: `Bearer ${key}` },
  });
  const pathOf = (id: string): string => `/v1/companies/${encodeURIComponent(id)}`;

  async function find(q: string, limit: number) {
    const answer = await request({ method: "GET", template: SEARCH, path: "/v1/companies", query: { q, limit } });
    return { companies: readAnswer("KOB", foundListSchema, answer, SEARCH).companies, times: answer.times };
  }

  /** What stands of a company, free of charge; undefined: the bureau has none of this id. */
  async function look(id: string): Promise<{ standing: Standing | undefined; times: CallTimes }> {
    const answer = await request({ method: "GET", template: STANDING, path: pathOf(id), expect: [404] });
    const standing = answer.status === 404 ? undefined : readAnswer("KOB", standingSchema, answer, STANDING);
    return { standing, times: answer.times };
  }

  /**
   * Orders a report. The id of the request follows from the report that stands, so however often it is sent it is one
   * order. Without an answer we look whether the report came; where it did not, a person decides.
   */
  async function order(id: string, before: Report | null): Promise<{ report: Report; times: CallTimes }> {
    const requestId = contentHash({ id, after: before?.asOf ?? null });
    try {
      const answer = await request({
        ...{ method: "POST", template: ORDER, path: `${pathOf(id)}/reports`, expect: [402] },
        json: { requestId, purpose },
      });
      const context = { request: ORDER, status: answer.status };
      if (answer.status === 402)
        throw new ConnectionError("quota_used_up", "The agreement with KOB is used up", { context });
      const parsed = reportSchema.safeParse(answer.json());
      if (!parsed.success)
        throw new UncertainError("bad_answer", "KOB answered an order with another shape than expected", { context });
      return { report: parsed.data, times: answer.times };
    } catch (error) {
      if (!(error instanceof UncertainError)) throw error;
      const { standing, times } = await look(id).catch(() => {
        throw error;
      });
      const report = standing?.report ?? null;
      if (report === null || report.asOf === before?.asOf) throw error;
      return { report, times };
    }
  }

  return directoryClient({
    async discover() {
      await find("kobling", 1);
      return { objects: { firma: readOnly }, unmapped: [] };
    },

    async search(_, query) {
      const beganAt = deps.clock.now();
      const asked = companyQuery(query, "kobId");
      if (asked === undefined) return { hits: [], times: { beganAt, endedAt: beganAt } };
      const { companies, times } = await find(asked, query.limit);
      const hits = companies.map(({ id, name, cvr, street, postalCode, city }) => {
        const place = { adresse1: street ?? null, postnr: postalCode ?? null, bynavn: city ?? null };
        return companyHit({ externalId: id, firmanavn: name, cvrNr: cvr ?? null, ...place }, query, "kobId");
      });
      return { hits: hits.toSorted((a, b) => b.score - a.score), times };
    },

    async get(_, externalId) {
      const { standing, times } = await look(externalId);
      if (standing === undefined) return { gone: true, times };
      const { report, pending } = standing;
      if (report !== null && Date.parse(report.expiresAt) > deps.clock.now().getTime())
        return { object: { externalId, image: imageOf(externalId, report) }, times };
      if (pending)
        throw new RetryableError("busy", "KOB is still making the report that was ordered", {
          context: { request: STANDING },
        });
      const ordered = await order(externalId, report);
      return { object: { externalId, image: imageOf(externalId, ordered.report) }, times: ordered.times };
    },

    close,
  });
}

/** Of a report only who the company is: no score, no limit, no default ever gets into an image. */
const imageOf = (id: string, report: Report): RemoteImage => ({
  id,
  name: report.name,
  cvr: report.cvr ?? null,
  street: report.street ?? null,
  postalCode: report.postalCode ?? null,
  city: report.city ?? null,
  country: report.country ?? null,
  phone: report.phone ?? null,
  employees: report.employees ?? null,
});
