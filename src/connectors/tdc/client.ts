import { readCvr } from "../../danish/cvr.ts";
import { ConnectionError, RejectedError, RetryableError } from "../../lib/errors.ts";
import type { RemoteImage } from "../../mappings/mapping.ts";
import type { CallTimes, Client, ConnectDeps } from "../connector.ts";
import { countedHttp, directoryClient, type LookupQuery, readOnly } from "../directory.ts";
import { companyHit } from "../likeness.ts";
import { calls } from "./calls.ts";
import type { Settings } from "./settings.ts";
import { envelopeOf, type Node, type Parameter, readEnvelope } from "./soap.ts";

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** Calls to NNE 3.1 (TDC Navne & Numre Erhverv), or to a relay that answers like it. */
export function tdcClient(settings: Settings, deps: ConnectDeps): Client {
  const { baseUrl, key } = settings;
  if (key !== "") deps.secret(key);
  const { request, close } = countedHttp(deps, calls, { baseUrl, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });

  async function call(
    operation: string,
    parameters: readonly Parameter[],
  ): Promise<{ result: Node; times: CallTimes }> {
    const template = `POST NNE ${operation}`;
    const answer = await request({
      ...{ method: "POST", template, path: "", reads: true, body: envelopeOf(operation, parameters), expect: [500] },
      headers: { "content-type": "text/xml; charset=utf-8", soapaction: '""' },
    });
    const context = { request: template, status: answer.status };
    const read = readEnvelope(answer.text);
    if (read === undefined && answer.status === 500)
      throw new RetryableError("remote_failure", "NNE failed", { context });
    if (read === undefined) throw new RejectedError("bad_answer", "NNE's answer is no SOAP answer", { context });
    if ("fault" in read) throw refusal(read.fault, context);
    return { result: read.result, times: answer.times };
  }

  async function found(question: Question, limit: number): Promise<{ images: RemoteImage[]; times: CallTimes }> {
    const { result, times } = await call("search", [
      { name: "Question_1", type: "t:Question", value: question },
      { name: "int_2", type: "xsd:int", value: String(limit) },
      { name: "int_3", type: "xsd:int", value: "1" },
      // Those that are protected against advertising too: they are looked up, not advertised to.
      { name: "int_4", type: "xsd:int", value: "1" },
      { name: "String_5", type: "xsd:string", value: key },
    ]);
    const { errorMessage, companyBasic } = membersOf(result);
    if (typeof errorMessage === "string" && errorMessage !== "")
      throw refusal(errorMessage, { request: "POST NNE search" });
    const { item } = membersOf(companyBasic);
    const rows: readonly Node[] = Array.isArray(item) ? item : item === undefined ? [] : [item];
    return { images: rows.map((row) => imageOf(membersOf(row))), times };
  }

  return directoryClient({
    async discover() {
      await found({ name: { type: "xsd:string", value: "kobling" } }, 1);
      return { objects: { firma: readOnly }, unmapped: [] };
    },

    async search(_, query) {
      const beganAt = deps.clock.now();
      const question = questionOf(query);
      if (question === undefined) return { hits: [], times: { beganAt, endedAt: beganAt } };
      const { images, times } = await found(question, query.limit);
      const hits = images.map((image) => companyHit(factsOf(image), query, "tdcId"));
      return { hits: hits.toSorted((a, b) => b.score - a.score), times };
    },

    async get(_, externalId) {
      if (!/^\d{1,10}$/.test(externalId))
        return { gone: true, times: { beganAt: deps.clock.now(), endedAt: deps.clock.now() } };
      const { result, times } = await call("fetchCompany", [
        { name: "int_1", type: "xsd:int", value: externalId },
        { name: "int_2", type: "xsd:int", value: "0" },
        { name: "String_3", type: "xsd:string", value: "" },
        { name: "String_4", type: "xsd:string", value: key },
      ]);
      const image = imageOf(membersOf(result));
      if (image.tdcId !== externalId) return { gone: true, times };
      return { object: { externalId, image }, times };
    },

    close,
  });
}

type Question = Readonly<Record<string, { readonly type: string; readonly value: string }>>;

/** By the record's id there, by CVR number, else by name. Only members that are searched on are sent. */
function questionOf({ text, known }: LookupQuery): Question | undefined {
  const int = (value: string) => ({ type: "xsd:int", value });
  if (text === undefined && typeof known?.tdcId === "string" && /^\d{1,10}$/.test(known.tdcId))
    return { tdcId: int(known.tdcId) };
  const number = text ?? known?.cvrNr;
  const cvr = typeof number === "string" ? readCvr(number) : undefined;
  if (cvr?.ok === true) return { cvrNo: int(String(Number(cvr.value))) };
  const name = text?.trim() ?? known?.firmanavn;
  return typeof name === "string" && name !== "" ? { name: { type: "xsd:string", value: name } } : undefined;
}

const membersOf = (node: Node | undefined): { readonly [member: string]: Node } =>
  typeof node === "object" && node !== null && !Array.isArray(node)
    ? (node as { readonly [member: string]: Node })
    : {}; // no list

/** Whole numbers lose the zeros before them on the way: a postal code has four digits, a CVR number eight. */
function imageOf(company: ReturnType<typeof membersOf>): RemoteImage {
  const text = (member: string): string | null => {
    const value = company[member];
    return typeof value === "string" && value !== "" && value !== "0" ? value : null;
  };
  return {
    tdcId: text("tdcId"),
    officialName: text("officialName"),
    cvrNo: text("cvrNo")?.padStart(8, "0") ?? null,
    street: text("street"),
    zipCode: text("zipCode")?.padStart(4, "0") ?? null,
    district: text("district"),
    country: text("zipCode") === null ? null : "DK",
    phone: text("phone"),
    ...(company.homePage === undefined ? {} : { homePage: text("homePage") }),
  };
}

const factsOf = (image: RemoteImage) => ({
  externalId: String(image.tdcId),
  firmanavn: image.officialName as string | null, // as `imageOf` makes them
  cvrNr: image.cvrNo as string | null,
  adresse1: image.street as string | null,
  postnr: image.zipCode as string | null,
  bynavn: image.district as string | null,
});

/** Faults say in words what is wrong; of those only that the key was refused is the account's matter. */
function refusal(words: string, context: { request: string; status?: number }): Error {
  if (/access|key|adgang|nøgle/i.test(words))
    return new ConnectionError("unauthorized", "NNE does not accept the key", { context });
  return new RejectedError("refused_by_remote", "NNE refused the question", { context });
}
