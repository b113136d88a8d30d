import { z } from "zod";
import { RejectedError, RetryableError, UncertainError } from "../../lib/errors.ts";
import { httpClient } from "../../lib/http.ts";
import type { AudienceAnswer, AudienceBatch, AudienceClient, AudienceReceipt, OptOutPage } from "../audience.ts";
import type { ConnectDeps } from "../connector.ts";
import { readAnswer } from "../read-answer.ts";
import { memberOperations, type Operation, tagOperations } from "./operations.ts";
import { instant, type OperationResult, readResults, receiptOfMember, receiptOfTag } from "./results.ts";
import { addressOfApi, type Settings } from "./settings.ts";
import { batchSchema, memberListSchema } from "./wire.ts";

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 32 * 1024 * 1024;
const PAGE = 500;
/** The clocks of both sides may differ; who was read already is known. */
const OVERLAP_MS = 5 * 60_000;
const PING = "GET ping";
const POST_BATCH = "POST batches";
const GET_BATCH = "GET batches/{id}";
const RESULTS = "GET results";
const MEMBERS = "GET lists/{id}/members";

/** Members are made first, tagged afterwards: Mailchimp promises no order within a batch. `out`: receipts so far, by place of the add. */
const ticketSchema = z.strictObject({
  step: z.enum(["members", "tags"]),
  batch: z.string().min(1),
  out: z.array(
    z.strictObject({
      place: z.int(),
      outcome: z.enum(["refused", "opted_out"]),
      code: z.string().optional(),
      kind: z.enum(["withdrawn", "unreachable", "complained"]).optional(),
      at: z.string().optional(),
    }),
  ),
});
type Ticket = z.output<typeof ticketSchema>;

/** Calls to Mailchimp's Marketing API. A campaign is a tag on members of one list. */
export function mailchimpClient(settings: Settings, deps: ConnectDeps): AudienceClient {
  const { apiKey, list } = settings;
  deps.secret(apiKey);
  const { request, close } = httpClient({
    ...{ baseUrl: addressOfApi(settings), timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, clock: deps.clock },
    headers: { authorization: `Basic ${Buffer.from(`kobling:${apiKey}`).toString("base64")}` },
    connections: 4, // ten at once are allowed, other programs included
  });

  async function start(operations: readonly Operation[], ticket: Omit<Ticket, "batch">): Promise<AudienceAnswer> {
    const answer = await request({ method: "POST", template: POST_BATCH, path: "/batches", json: { operations } });
    const parsed = batchSchema.safeParse(answer.json());
    if (!parsed.success)
      throw new UncertainError("bad_answer", "Mailchimp answered a batch with another shape than expected");
    return { kind: "ticket", ticket: JSON.stringify({ ...ticket, batch: parsed.data.id } satisfies Ticket) };
  }

  /** The results of a batch; undefined: it is not done yet. */
  async function results(id: string): Promise<OperationResult[] | undefined> {
    const path = `/batches/${encodeURIComponent(id)}`;
    const answer = await request({ method: "GET", template: GET_BATCH, path, expect: [404] });
    if (answer.status === 404) throw new RejectedError("gone", "Mailchimp no longer knows the batch");
    const batch = readAnswer("Mailchimp", batchSchema, answer, GET_BATCH);
    if (batch.status !== "finished") return undefined;
    if (batch.total_operations === 0) return [];
    const url = URL.parse(batch.response_body_url ?? "");
    if (url === null) throw new RetryableError("bad_answer", "Mailchimp shows no results of the batch yet");
    // Elsewhere, with no key of ours: the link itself is signed.
    const elsewhere = httpClient({ baseUrl: url.origin, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
    try {
      const archive = await elsewhere.request({
        ...{ method: "GET", template: RESULTS, path: url.pathname + url.search, expect: [403] },
      });
      if (archive.status === 403) throw new RetryableError("unavailable", "The link to the results has run out");
      return await readResults(archive.bytes());
    } finally {
      await elsewhere.close();
    }
  }

  const finish = (batch: AudienceBatch, out: Ticket["out"], tagged: readonly OperationResult[]): AudienceReceipt[] => [
    ...out.flatMap(({ place, code, kind, at, outcome }) => {
      const key = batch.adds[place]?.key;
      if (key === undefined) return [];
      return [
        { key, outcome, ...(code && { code }), ...(kind && { kind }), ...(at && { at }) } satisfies AudienceReceipt,
      ];
    }),
    ...tagged.flatMap((result) => {
      const isAdd = result.id.startsWith("a");
      const key = (isAdd ? batch.adds : batch.removes)[Number(result.id.slice(1))]?.key;
      // Who is not in the list needs no removing.
      if (key === undefined || (!isAdd && result.status === 404)) return [];
      return receiptOfTag(key, result) ?? [];
    }),
  ];

  const tag = async (batch: AudienceBatch, out: Ticket["out"]): Promise<AudienceAnswer> => {
    const places = new Set(out.map(({ place }) => place));
    const operations = tagOperations(settings, batch, (place) => !places.has(place));
    if (operations.length === 0) return { kind: "receipts", receipts: finish(batch, out, []) };
    return await start(operations, { step: "tags", out });
  };

  return {
    async discover() {
      await request({ method: "GET", template: PING, path: "/ping" });
    },

    async send(batch) {
      if (batch.adds.length === 0) return await tag(batch, []);
      return await start(memberOperations(settings, batch), { step: "members", out: [] });
    },

    async check(text, batch) {
      const ticket = ticketSchema.parse(JSON.parse(text));
      const done = await results(ticket.batch);
      if (done === undefined) return undefined;
      if (ticket.step === "tags") return { kind: "receipts", receipts: finish(batch, ticket.out, done) };
      const byPlace = new Map(done.map((result) => [Number(result.id), result]));
      const out = batch.adds.flatMap(({ key }, place) => {
        const result = byPlace.get(place) ?? { id: "", status: 0, response: "" };
        const receipt =
          result.status === 0
            ? ({ key, outcome: "refused", code: "no_result" } as const)
            : receiptOfMember(key, result);
        if (receipt === undefined || receipt.outcome === "done") return [];
        const { key: _, outcome, ...rest } = receipt;
        return [{ place, outcome, ...rest }];
      });
      return await tag(batch, out);
    },

    async *optOuts(cursor): AsyncIterable<OptOutPage> {
      const next = new Date(deps.clock.now().getTime() - OVERLAP_MS).toISOString();
      for (const status of ["unsubscribed", "cleaned"] as const) {
        for (let offset = 0; ; offset += PAGE) {
          const answer = await request({
            ...{ method: "GET", template: MEMBERS, path: `/lists/${encodeURIComponent(list)}/members` },
            query: {
              ...{ status, count: PAGE, offset, sort_field: "last_changed", sort_dir: "ASC" },
              fields:
                "members.email_address,members.status,members.last_changed,members.unsubscribe_reason,total_items",
              since_last_changed: cursor ?? undefined,
            },
          });
          const page = readAnswer("Mailchimp", memberListSchema, answer, MEMBERS);
          const optOuts = page.members.map(({ email_address, last_changed, unsubscribe_reason = "" }) => ({
            ...({ address: email_address, channel: "email", isStanding: true } as const),
            kind:
              status === "cleaned"
                ? ("unreachable" as const)
                : COMPLAINT.test(unsubscribe_reason)
                  ? ("complained" as const)
                  : ("withdrawn" as const),
            at: instant(last_changed) ?? deps.clock.now().toISOString(),
          }));
          const isLast = page.members.length === 0 || offset + PAGE >= page.total_items;
          yield { optOuts, cursor: isLast && status === "cleaned" ? next : cursor };
          if (isLast) break;
        }
      }
    },

    close,
  };
}

const COMPLAINT = /abuse|spam/i;
