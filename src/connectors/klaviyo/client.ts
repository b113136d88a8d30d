import { RejectedError, UncertainError } from "../../lib/errors.ts";
import { type HttpAnswer, type HttpRequest, httpClient } from "../../lib/http.ts";
import type { AudienceAdd, AudienceBatch, AudienceClient, AudienceReceipt, OptOutPage } from "../audience.ts";
import type { ConnectDeps } from "../connector.ts";
import { readAnswer } from "../read-answer.ts";
import { noOf } from "./opt-out.ts";
import type { Settings } from "./settings.ts";
import { listsSchema, madeSchema, type Profile, profilesSchema } from "./wire.ts";

/** Pinned: a revision lives two years and keeps its shapes meanwhile. */
const REVISION = "2026-07-15";
const TYPE = "application/vnd.api+json";
const TIMEOUT_MS = 20_000;
const PAGE = 100;
/** The clocks of both sides may differ; who was read already is known. */
const OVERLAP_MS = 5 * 60_000;

/** Calls to Klaviyo. A campaign is a list of its own; nobody is subscribed, and nobody's no is undone. */
export function klaviyoClient({ apiKey, baseUrl }: Settings, deps: ConnectDeps): AudienceClient {
  deps.secret(apiKey);
  const { request, close } = httpClient({
    ...{ baseUrl, timeoutMs: TIMEOUT_MS, clock: deps.clock },
    headers: { authorization: `Klaviyo-API-Key ${apiKey}`, revision: REVISION, accept: TYPE },
  });
  const call = (wanted: Omit<HttpRequest, "json" | "body" | "headers">, body?: object): Promise<HttpAnswer> =>
    request(
      body === undefined ? { ...wanted } : { ...wanted, body: JSON.stringify(body), headers: { "content-type": TYPE } },
    );

  async function findList(name: string): Promise<string | undefined> {
    const query = { filter: `equals(name,${quoted(name)})` };
    const answer = await call({ method: "GET", template: "GET lists", path: "/api/lists", query });
    return readAnswer("Klaviyo", listsSchema, answer, "GET lists").data.find((each) => each.attributes.name === name)
      ?.id;
  }

  async function makeList(name: string): Promise<string> {
    const body = { data: { type: "list", attributes: { name } } };
    const answer = await call({ method: "POST", template: "POST lists", path: "/api/lists" }, body);
    return readMade(answer, "POST lists");
  }

  /** Those who are there already, by address in lower case. */
  async function known(keys: readonly string[]): Promise<Map<string, Profile>> {
    const found = new Map<string, Profile>();
    if (keys.length === 0) return found;
    const query = {
      filter: `any(email,[${keys.map(quoted).join(",")}])`,
      ...{ "additional-fields[profile]": "subscriptions", "page[size]": PAGE },
    };
    const answer = await call({ method: "GET", template: "GET profiles", path: "/api/profiles", query });
    for (const profile of readAnswer("Klaviyo", profilesSchema, answer, "GET profiles").data)
      found.set((profile.attributes.email ?? "").toLowerCase(), profile);
    return found;
  }

  async function importProfile({ id, address, navn, firmanavn }: AudienceAdd): Promise<string> {
    const attributes = {
      ...{ email: address, external_id: id },
      ...(navn === null ? {} : { first_name: navn }),
      ...(firmanavn === null ? {} : { organization: firmanavn }),
    };
    const wanted = { method: "POST", template: "POST profile-import", path: "/api/profile-import" } as const;
    return readMade(await call(wanted, { data: { type: "profile", attributes } }), wanted.template);
  }

  async function relate(method: "POST" | "DELETE", list: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const path = `/api/lists/${encodeURIComponent(list)}/relationships/profiles`;
    const body = { data: ids.map((id) => ({ type: "profile", id })) };
    await call({ method, template: `${method} lists/{id}/relationships/profiles`, path }, body);
  }

  /** Puts those into the list who may come in; tells of the others. */
  async function addAll(list: string, adds: readonly AudienceAdd[]): Promise<AudienceReceipt[]> {
    const there = await known(adds.map(({ key }) => key));
    const receipts: AudienceReceipt[] = [];
    const ids: string[] = [];
    for (const add of adds) {
      const profile = there.get(add.key);
      const no = profile && noOf(profile);
      if (no !== undefined) receipts.push({ key: add.key, outcome: "opted_out", ...no });
      else if (profile !== undefined) ids.push(profile.id);
      else {
        try {
          ids.push(await importProfile(add));
        } catch (error) {
          if (!(error instanceof RejectedError)) throw error;
          receipts.push({ key: add.key, outcome: "refused", code: error.code });
        }
      }
    }
    await relate("POST", list, ids);
    return receipts;
  }

  return {
    async discover() {
      await call({ method: "GET", template: "GET accounts", path: "/api/accounts" });
    },

    async send({ campaign, adds, removes }) {
      const name = listName(campaign);
      const list = await findList(name);
      // Without a list nobody is in it.
      if (removes.length > 0 && list !== undefined) {
        const there = await known(removes.map(({ key }) => key));
        await relate(
          "DELETE",
          list,
          [...there.values()].map(({ id }) => id),
        );
      }
      if (adds.length === 0) return { kind: "receipts", receipts: [] };
      return { kind: "receipts", receipts: await addAll(list ?? (await makeList(name)), adds) };
    },

    async *optOuts(cursor): AsyncIterable<OptOutPage> {
      const next = new Date(deps.clock.now().getTime() - OVERLAP_MS).toISOString();
      let page: string | undefined;
      do {
        const query = {
          ...{ sort: "updated", "page[size]": PAGE, "additional-fields[profile]": "subscriptions" },
          ...{ filter: cursor === null ? undefined : `greater-than(updated,${cursor})`, "page[cursor]": page },
        };
        const answer = await call({ method: "GET", template: "GET profiles", path: "/api/profiles", query });
        const { data, links } = readAnswer("Klaviyo", profilesSchema, answer, "GET profiles");
        page = URL.parse(links?.next ?? "")?.searchParams.get("page[cursor]") ?? undefined;
        const optOuts = data.flatMap((profile) => {
          const no = noOf(profile);
          const address = profile.attributes.email;
          return no === undefined || !address ? [] : [{ address, channel: "email", isStanding: true, ...no } as const];
        });
        yield { optOuts, cursor: page === undefined ? next : cursor };
      } while (page !== undefined);
    },

    close,
  };
}

const listName = ({ id, name }: AudienceBatch["campaign"]): string => `${name.slice(0, 80)} (${id.slice(-8)})`;

/** A text of a filter. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, (sign) => `\\${sign}`)}"`;

function readMade(answer: HttpAnswer, template: string): string {
  const parsed = madeSchema.safeParse(answer.json());
  if (parsed.success) return parsed.data.data.id;
  throw new UncertainError("bad_answer", "Klaviyo answered a write with another shape than expected", {
    context: { request: template },
  });
}
