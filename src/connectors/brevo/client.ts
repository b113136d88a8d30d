import { RejectedError, UncertainError } from "../../lib/errors.ts";
import { type HttpAnswer, httpClient } from "../../lib/http.ts";
import type { AudienceAdd, AudienceBatch, AudienceClient, AudienceReceipt, OptOutPage } from "../audience.ts";
import type { ConnectDeps } from "../connector.ts";
import { readAnswer } from "../read-answer.ts";
import type { Settings } from "./settings.ts";
import { contactSchema, contactsSchema, listsSchema, madeSchema, problemSchema } from "./wire.ts";

const TIMEOUT_MS = 20_000;
const LISTS = 50;
const PAGE = 500;
/** The clocks of both sides may differ; who was read already is known. */
const OVERLAP_MS = 5 * 60_000;
const CONTACT = "GET contacts/{identifier}";
const CONTACTS = "GET contacts";
const ALL_LISTS = "GET contacts/lists";

/** Calls to Brevo. A campaign is a list of its own; nobody's blacklisting is lifted. */
export function brevoClient({ apiKey, folder, nameAttribute, baseUrl }: Settings, deps: ConnectDeps): AudienceClient {
  deps.secret(apiKey);
  const { request, close } = httpClient({
    ...{ baseUrl, timeoutMs: TIMEOUT_MS, clock: deps.clock },
    headers: { "api-key": apiKey, accept: "application/json" },
  });

  async function findList(name: string): Promise<number | undefined> {
    for (let offset = 0; ; offset += LISTS) {
      const query = { limit: LISTS, offset, sort: "desc" };
      const answer = await request({ method: "GET", template: ALL_LISTS, path: "/contacts/lists", query });
      const { lists = [], count = 0 } = readAnswer("Brevo", listsSchema, answer, ALL_LISTS);
      const found = lists.find((each) => each.name === name);
      if (found !== undefined || lists.length === 0 || offset + LISTS >= count) return found?.id;
    }
  }

  async function makeList(name: string): Promise<number> {
    const template = "POST contacts/lists";
    const answer = await request({
      method: "POST",
      template,
      path: "/contacts/lists",
      json: { name, folderId: folder },
    });
    const parsed = madeSchema.safeParse(answer.json());
    if (parsed.success) return parsed.data.id;
    throw new UncertainError("bad_answer", "Brevo answered a write with another shape than expected");
  }

  /** Makes the contact where there is none; a receipt where it may not be put on the list. */
  async function ensure({ id, key, address, navn }: AudienceAdd): Promise<AudienceReceipt | undefined> {
    const path = `/contacts/${encodeURIComponent(key)}`;
    const there = await request({ method: "GET", template: CONTACT, path, expect: [404] });
    if (there.status !== 404) {
      const { emailBlacklisted, modifiedAt } = readAnswer("Brevo", contactSchema, there, CONTACT);
      return emailBlacklisted ? { key, outcome: "opted_out", at: instant(modifiedAt, deps) } : undefined;
    }
    const contact = {
      // Made meanwhile by somebody else, it is left as it is but for these.
      ...{ email: address, ext_id: id, updateEnabled: true },
      ...(navn === null ? {} : { attributes: { [nameAttribute]: navn } }),
    };
    const template = "POST contacts";
    const made = await request({ method: "POST", template, path: "/contacts", json: contact, expect: [400] });
    return made.status === 400 ? { key, outcome: "refused", code: codeOf(made) } : undefined;
  }

  /** Puts on the list or takes off it; who is there already, or gone already, is none of the failures. */
  async function relate(act: "add" | "remove", list: number, emails: readonly string[]): Promise<void> {
    if (emails.length === 0) return;
    const template = `POST contacts/lists/{listId}/contacts/${act}`;
    const path = `/contacts/lists/${list}/contacts/${act}`;
    const answer = await request({ method: "POST", template, path, json: { emails }, expect: [400] });
    if (answer.status !== 400 || SETTLED.test(problemOf(answer).message ?? "")) return;
    throw new RejectedError("refused_by_remote", "Brevo refused the members of a list", {
      context: { request: template, status: 400 },
    });
  }

  return {
    async discover() {
      await request({ method: "GET", template: "GET account", path: "/account" });
    },

    async send({ campaign, adds, removes }) {
      const name = listName(campaign);
      const list = await findList(name);
      // Without a list nobody is on it.
      if (list !== undefined)
        await relate(
          "remove",
          list,
          removes.map(({ key }) => key),
        );
      const receipts: AudienceReceipt[] = [];
      const emails: string[] = [];
      for (const add of adds) {
        const receipt = await ensure(add);
        if (receipt === undefined) emails.push(add.key);
        else receipts.push(receipt);
      }
      if (emails.length > 0) await relate("add", list ?? (await makeList(name)), emails);
      return { kind: "receipts", receipts };
    },

    async *optOuts(cursor): AsyncIterable<OptOutPage> {
      const next = new Date(deps.clock.now().getTime() - OVERLAP_MS).toISOString();
      for (let offset = 0; ; offset += PAGE) {
        const query = { limit: PAGE, offset, sort: "asc", modifiedSince: cursor ?? undefined };
        const answer = await request({ method: "GET", template: CONTACTS, path: "/contacts", query });
        const { contacts, count } = readAnswer("Brevo", contactsSchema, answer, CONTACTS);
        const isLast = contacts.length === 0 || offset + PAGE >= count;
        const optOuts = contacts.flatMap(({ email, emailBlacklisted, modifiedAt }) =>
          emailBlacklisted && email
            ? [
                {
                  ...({ address: email, channel: "email", kind: "withdrawn", isStanding: true } as const),
                  at: instant(modifiedAt, deps),
                },
              ]
            : [],
        );
        yield { optOuts, cursor: isLast ? next : cursor };
        if (isLast) return;
      }
    },

    close,
  };
}

/** `Contact already in list and/or does not exist`, `Contact already removed from list and/or does not exist`. */
const SETTLED = /already (in|removed from) list/i;

const listName = ({ id, name }: AudienceBatch["campaign"]): string => `${name.slice(0, 40)} (${id.slice(-8)})`;

/** When a contact last changed; whole seconds may be any moment of that one, and what is no time is now at the latest. */
function instant(text: string | undefined, deps: ConnectDeps): string {
  const at = Date.parse(text ?? "");
  if (Number.isNaN(at)) return deps.clock.now().toISOString();
  return new Date(at % 1000 === 0 ? at + 999 : at).toISOString();
}

function problemOf(answer: HttpAnswer): { readonly code?: string | undefined; readonly message?: string | undefined } {
  const parsed = problemSchema.safeParse(answer.json());
  return parsed.success ? parsed.data : {};
}

/** A code of the vendor's closed list; its message may quote an address. */
const codeOf = (answer: HttpAnswer): string =>
  /^[a-z_]{1,40}$/.exec(problemOf(answer).code ?? "")?.[0] ?? "refused_by_remote";
