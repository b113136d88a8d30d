import { RejectedError, RetryableError } from "../../lib/errors.ts";
import type { Http, HttpRequest } from "../../lib/http.ts";
import type { LoadedPage } from "../directory.ts";
import { cvrOf } from "./image.ts";
import { loadedSchema } from "./wire.ts";

const SIZE = 500;
/** The longest that a page of the feed may take us: by then its scroll is given up by the register. */
const SCROLL = "5m";
const LOADED = "Vrvirksomhed.sidstIndlaest";

/**
 * Companies that the register has loaded since then, by the time of loading: the time that a change is dated to may be set
 * back by a correction, and would lose it. Only numbers are asked for; what concerns us is read by its number. `check` runs
 * first: a renamed index would read as if nothing had changed.
 */
export async function* loadedSince(
  request: Http,
  since: Date,
  check: () => Promise<void>,
): AsyncGenerator<LoadedPage, void, undefined> {
  await check();
  let page = await ask(request, {
    ...{ template: "POST cvr-permanent/virksomhed/_search?scroll", path: "/cvr-permanent/virksomhed/_search" },
    query: { scroll: SCROLL },
    json: {
      _source: ["Vrvirksomhed.cvrNummer", LOADED],
      query: { bool: { filter: [{ range: { [LOADED]: { gte: since.toISOString() } } }] } },
      sort: [{ [LOADED]: "asc" }, { "Vrvirksomhed.cvrNummer": "asc" }],
      size: SIZE,
    },
  });
  for (;;) {
    const { loaded, scrollId } = page;
    const until = loaded.at(-1)?.at;
    if (until === undefined) return;
    yield { loaded, until };
    if (loaded.length < SIZE) return;
    page = await ask(request, {
      ...{ template: "POST _search/scroll", path: "/_search/scroll" },
      json: { scroll: SCROLL, scroll_id: scrollId },
    });
  }
}

async function ask(
  request: Http,
  call: Pick<HttpRequest, "template" | "path" | "query" | "json">,
): Promise<{ loaded: LoadedPage["loaded"]; scrollId: string }> {
  const answer = await request({ ...call, method: "POST", reads: true, expect: [404] });
  const context = { request: call.template, status: answer.status };
  if (answer.status === 404)
    throw new RetryableError("unavailable", "CVR has given up the listing of what it loaded; it is begun again", {
      context,
    });
  const parsed = loadedSchema.safeParse(answer.json());
  if (!parsed.success)
    throw new RejectedError("bad_answer", "CVR's answer has another shape than expected", { context });
  if (parsed.data.timed_out === true) throw new RetryableError("timeout", "CVR answered only in part", { context });
  const loaded = parsed.data.hits.hits.map(({ _source: { Vrvirksomhed: company } }) => ({
    externalId: cvrOf(company),
    at: new Date(company.sidstIndlaest),
  }));
  return { loaded, scrollId: parsed.data._scroll_id };
}
