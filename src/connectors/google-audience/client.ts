import { z } from "zod";
import { ConnectionError, RejectedError, RetryableError, UncertainError } from "../../lib/errors.ts";
import { type HttpAnswer, type HttpRequest, httpClient } from "../../lib/http.ts";
import type { AudienceBatch, AudienceClient } from "../audience.ts";
import type { ConnectDeps } from "../connector.ts";
import { hashedEmail } from "./hash.ts";
import type { Settings } from "./settings.ts";
import { signIn } from "./sign-in.ts";
import { acceptedSchema, statusSchema } from "./wire.ts";

const TIMEOUT_MS = 30_000;
const GRANTED = { adUserData: "CONSENT_GRANTED", adPersonalization: "CONSENT_GRANTED" };
const STATUS = "GET requestStatus:retrieve";

/** Requests of a batch that Google works through by itself. */
const ticketSchema = z.strictObject({ requests: z.array(z.string().min(1)) });

/** Calls to Google's Data Manager API. A campaign is a user list; members are hashed addresses. */
export function googleAudienceClient(settings: Settings, deps: ConnectDeps): AudienceClient {
  const { account, loginAccount, userLists, serviceAccount, baseUrl } = settings;
  deps.secret(serviceAccount.privateKey);
  const { request, close } = httpClient({ baseUrl, timeoutMs: TIMEOUT_MS, clock: deps.clock });

  /** With the token in force; when that is refused, once more with a new one. */
  async function call(wanted: HttpRequest): Promise<HttpAnswer> {
    const renew = () => signIn(settings, deps);
    const withToken = async (token: string): Promise<HttpAnswer> => {
      deps.secret(token);
      return await request({ ...wanted, headers: { authorization: `Bearer ${token}` } });
    };
    const token = await deps.tokens.token(renew);
    try {
      return await withToken(token);
    } catch (error) {
      if (!(error instanceof ConnectionError) || error.code !== "unauthorized") throw error;
      return await withToken(await deps.tokens.token(renew, token));
    }
  }

  const destinations = (list: string) => [
    {
      operatingAccount: { accountType: "GOOGLE_ADS", accountId: account },
      ...(loginAccount === undefined ? {} : { loginAccount: { accountType: "GOOGLE_ADS", accountId: loginAccount } }),
      productDestinationId: list,
    },
  ];
  const members = (keys: readonly string[]) =>
    keys.map((key) => ({ userData: { userIdentifiers: [{ emailAddress: hashedEmail(key) }] } }));

  async function post(act: "ingest" | "remove", body: object): Promise<string> {
    const template = `POST audienceMembers:${act}`;
    const answer = await call({ method: "POST", template, path: `/v1/audienceMembers:${act}`, json: body });
    const parsed = acceptedSchema.safeParse(answer.json());
    if (parsed.success) return parsed.data.requestId;
    throw new UncertainError("bad_answer", "Google answered a write with another shape than expected");
  }

  function listOf({ name }: AudienceBatch["campaign"]): string {
    const list = userLists[name];
    if (list !== undefined) return list;
    throw new ConnectionError("bad_settings", "No user list takes a campaign of this name; add it to userLists");
  }

  return {
    async discover() {
      await deps.tokens.token(() => signIn(settings, deps));
      // It shows no account and no list; an empty question is answered, by whom it lets in, with what is wrong with it.
      await call({ method: "GET", template: STATUS, path: "/v1/requestStatus:retrieve", expect: [400, 404] });
    },

    async send({ campaign, adds, removes }) {
      const list = listOf(campaign);
      const requests: string[] = [];
      const shared = { destinations: destinations(list), encoding: "HEX" };
      if (removes.length > 0)
        requests.push(await post("remove", { ...shared, audienceMembers: members(removes.map(({ key }) => key)) }));
      if (adds.length > 0)
        requests.push(
          await post("ingest", {
            ...{ ...shared, audienceMembers: members(adds.map(({ key }) => key)), consent: GRANTED },
            termsOfService: { customerMatchTermsOfServiceStatus: "ACCEPTED" },
          }),
        );
      return { kind: "ticket", ticket: JSON.stringify({ requests }) };
    },

    async check(text) {
      const { requests } = ticketSchema.parse(JSON.parse(text));
      for (const requestId of requests) {
        const path = "/v1/requestStatus:retrieve";
        const answer = await call({ method: "GET", template: STATUS, path, query: { requestId }, expect: [404] });
        if (answer.status === 404) throw new RejectedError("gone", "Google no longer knows the request");
        const parsed = statusSchema.safeParse(answer.json());
        if (!parsed.success) throw new RetryableError("bad_answer", "Google's answer has another shape than expected");
        const states = parsed.data.requestStatusPerDestination.map((each) => each.requestStatus);
        if (states.includes("FAILED"))
          throw new RejectedError("refused_by_remote", "Google refused the members of a batch");
        // Whom it did not take of a partial success, it does not tell: they count as handed over.
        if (states.length === 0 || !states.every((each) => each === "SUCCESS" || each === "PARTIAL_SUCCESS"))
          return undefined;
      }
      return { kind: "receipts", receipts: [] };
    },

    close,
  };
}
