import { type DirectorySimulator, startDirectory } from "./server.ts";

/** A company that reports are made of. Invented. */
export interface ReportedCompany {
  readonly id: string;
  readonly name: string;
  readonly cvr: string;
  readonly street: string;
  readonly postalCode: string;
  readonly city: string;
  readonly phone?: string;
  readonly employees?: string;
}

export interface CreditBureau extends DirectorySimulator {
  readonly key: string;
  /** Orders that were charged, oldest first. */
  readonly charged: readonly { readonly id: string; readonly requestId: string; readonly purpose: string }[];
  /** Makes what was ordered of a company run out. */
  expire(id: string): void;
  /** From now on orders are taken, and their reports made later. */
  makeLater(): void;
  /** The agreement holds no more orders. */
  useUp(): void;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** A relay of the credit bureau, by the port of the connector's README. */
export async function startCreditBureau(companies: readonly ReportedCompany[]): Promise<CreditBureau> {
  const key = "kob-noegle-456";
  const charged: { id: string; requestId: string; purpose: string }[] = [];
  const reports = new Map<string, Record<string, unknown>>();
  const state = { later: false, usedUp: false };
  const server = await startDirectory(({ method, path, query, headers, body }) => {
    if (headers.authorization !== `Bearer ${key}`) return { status: 401 };
    if (method === "GET" && path === "/v1/companies") {
      const q = (query.get("q") ?? "").toLowerCase();
      const found = companies.filter(
        ({ id, cvr, name }) => id.toLowerCase() === q || cvr === q || name.toLowerCase().includes(q),
      );
      const shown = found.slice(0, Number(query.get("limit") ?? 10));
      return { body: { companies: shown.map(({ phone: _, employees: __, ...each }) => each) } };
    }
    const [, id = "", order] = /^\/v1\/companies\/([^/]+)(\/reports)?$/.exec(path) ?? [];
    const company = companies.find((each) => each.id === decodeURIComponent(id));
    if (company === undefined) return { status: 404, body: { code: "unknown_company" } };
    const isOrdered = charged.some((each) => each.id === company.id);
    if (order === undefined && method === "GET") {
      const report = reports.get(company.id) ?? null;
      return { body: { id: company.id, report, pending: report === null && isOrdered } };
    }
    if (order === undefined || method !== "POST") return { status: 405 };
    const { requestId, purpose } = JSON.parse(body) as { requestId: string; purpose: string };
    if (state.usedUp) return { status: 402, body: { code: "used_up" } };
    if (!charged.some((each) => each.requestId === requestId)) {
      charged.push({ id: company.id, requestId, purpose });
      if (!state.later) reports.set(company.id, reportOf(company, charged.length));
    }
    return { status: 201, body: reports.get(company.id) ?? {} };
  });
  return {
    ...server,
    key,
    charged,
    expire(id) {
      const report = reports.get(id);
      if (report !== undefined) reports.set(id, { ...report, expiresAt: "2020-01-01T00:00:00Z" });
    },
    makeLater() {
      state.later = true;
    },
    useUp() {
      state.usedUp = true;
    },
  };
}

function reportOf(company: ReportedCompany, number: number): Record<string, unknown> {
  const now = Date.now();
  return {
    ...company,
    country: "DK",
    ...{ score: 17, scale: { min: 0, max: 100, higherIsBetter: true }, band: "D", defaults: true },
    creditLimit: { amount: "66600.00", currency: "DKK" },
    asOf: new Date(now + number).toISOString(),
    expiresAt: new Date(now + YEAR_MS).toISOString(),
  };
}
