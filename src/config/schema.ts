import { z } from "zod";
import { readDurationMs } from "../lib/time.ts";
import { documentKinds } from "../model/conversions.ts";
import { vocabularyFields } from "../model/vocabularies.ts";

/** Shape of `config/kobling.yaml` as an operator writes it; what it means resolved is in `resolved.ts`. */

export const sides = ["crm", "ledger", "directory", "audience"] as const;
export const directions = ["in", "out", "both", "off"] as const;
export const policies = ["auto", "if_empty", "propose", "frozen"] as const;

const duration = z.string().check((context) => {
  if (readDurationMs(context.value) !== undefined) return;
  context.issues.push({
    code: "custom",
    input: context.value,
    message: "This must be a duration",
    params: { wayOut: "Write a number and a unit of ms, s, m, h, d, w: 30s, 10m, 24h." },
  });
});

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "Names are of a–z, 0–9 and -, begin with a letter, 40 characters at most");

const policyByField = z
  .record(z.string(), z.enum(policies))
  .describe("Whether a value may be written without a person, by field or group; * is every field (rule R15).");

const object = z.strictObject({
  direction: z
    .enum(directions)
    .default("off")
    .describe("Which way values may go. Wished here, released by `kobling release` (rule R27)."),
  firstMeeting: z
    .enum(["remote", "crm", "ask"])
    .default("ask")
    .describe("Who decides when both have a value at the first meeting (rule R26)."),
  create: z.enum(["in", "out", "both", "none"]).default("none").describe("Where a missing partner is created."),
  poll: duration.default("60s").describe("How often changes are read."),
  reconcile: duration.default("24h").describe("How often everything is read and compared."),
  onRemoteEdit: z
    .enum(["leave", "restore"])
    .default("leave")
    .describe("What an edit at a one-way target leads to (rule R22)."),
  as: z
    .enum(["kundeemne", "kontaktperson"])
    .optional()
    .describe("What a link of this object stands for, where its mapping does not say."),
  side: z.enum(sides).optional().describe("Overrides the connection's side for this object (rule R1)."),
});

const handOver = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Where they are posted, signed by Standard Webhooks."),
    folder: z.string().min(1).optional().describe("Or a folder where each is put as a file, its signature beside it."),
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, "A secret is whsec_ and 24 to 64 bytes in base64")
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what the operator is to write
      .describe("What they are signed with, as ${NAME} or file:PATH."),
    required: z.array(z.string().min(1)).default([]).describe("Fields without which the document cannot be made."),
    from: z
      .record(z.string().min(1), z.string())
      .default({})
      .describe("What a field takes of the record, by the field's name, where the caller gives none."),
  })
  .check(({ value, issues }) => {
    if ((value.url === undefined) !== (value.folder === undefined)) return;
    const params = { wayOut: "Write one of the two." };
    issues.push({ code: "custom", input: value, message: "A hand-over goes to a url or into a folder", params });
  });

const connection = z.strictObject({
  connector: z.string().min(1).describe("The kind of system: keybalance, api, …"),
  settings: z
    .record(z.string(), z.unknown())
    .default({})
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the operator is to write
    .describe("What the connector needs. Secrets as ${NAME} or file:PATH."),
  side: z
    .enum(sides)
    .optional()
    .describe("crm, ledger, directory or audience; by default crm for kundeemne and kontaktperson, else ledger."),
  limits: z
    .strictObject({ requests: z.int().min(1), per: duration })
    .optional()
    .describe("Requests in a time, shared by all processes."),
  objects: z.record(z.string(), object).default({}).describe("The objects that are synchronised, by our name."),
  handOver: z
    .partialRecord(z.enum(documentKinds), handOver)
    .default({})
    .describe("Documents that somebody else makes where the ledger takes none (S84–S87), by kind."),
  refresh: z
    .strictObject({
      after: duration.default("30d").describe("What was read longer ago is read again."),
      feed: duration.default("1h").describe("Of a directory that keeps a feed (cvr): how often it is followed."),
      perDay: z
        .int()
        .min(0)
        .optional()
        .describe(
          "Calls a day, those made by hand counted with them; 0: by hand only. 200 unless set, 0 where a look-up may be charged.",
        ),
      costPerDay: z
        .number()
        .min(0)
        .optional()
        .describe("What the calls of a day may cost by `prices`, those made by hand counted with them."),
    })
    .prefault({})
    .describe("How a directory's values are kept fresh on the records that it is linked to (S80)."),
  prices: z
    .record(z.string().min(1), z.number().min(0))
    .default({})
    .describe(
      "What a call of each kind costs, as your agreement with the directory says; a kind left out costs nothing.",
    ),
  quietMs: z
    .int()
    .min(0)
    .optional()
    .describe("How long a request that got no answer may still be carried out, in ms (rule R18)."),
  optOuts: duration.default("5m").describe("Of a campaign tool: how often it is asked who has said no there."),
  updatePolicy: policyByField.default({}),
  circuit: z
    .strictObject({ failures: z.int().min(1).default(5), halfOpenAfter: duration.default("10s") })
    .prefault({})
    .describe("After so many failures in a row calls pause."),
});

const survivorship = z
  .strictObject({
    rule: z.enum(["owner", "source_priority", "most_recent", "manual"]),
    owner: z.enum(["crm", "ledger"]).optional(),
    order: z.array(z.string().min(1)).min(1).optional(),
    then: z.enum(["owner", "manual"]).optional(),
  })
  .check((context) => {
    const { rule, owner, order, then } = context.value;
    const tell = (path: string, message: string, wayOut: string) =>
      context.issues.push({ code: "custom", input: context.value, path: [path], message, params: { wayOut } });
    if ((rule === "owner" || then === "owner") && owner === undefined) {
      tell("owner", "The rule owner needs to know whom", "Add owner: crm or owner: ledger.");
    }
    if (rule === "source_priority" && order === undefined) {
      tell("order", "The rule source_priority needs an order", "Add order: [crm, ledger], or names of connections.");
    }
  });

const guard = (max: number, atLeast: number, percent?: number) =>
  z
    .strictObject({
      max: z.int().min(0).default(max).describe("More objects than this, in an hour or in one run, stop the lane."),
      percent: (percent === undefined
        ? z.number().min(0).max(100).optional()
        : z.number().min(0).max(100).default(percent)
      ).describe("So does more than this part of the linked objects; 100 switches the share off."),
      atLeast: z
        .int()
        .min(0)
        .default(atLeast)
        .describe("So many pass whatever part of the linked objects they are; max still holds."),
    })
    .prefault({});

const word = z.string().trim().min(1).max(60);
const vocabulary = z.union([z.array(word).min(1), z.record(word, z.string().min(1).max(200))]);

export const configSchema = z.strictObject({
  connections: z.record(name, connection).describe("The systems that Kobling is connected to, by a name of yours."),
  survivorship: z
    .record(z.string(), survivorship)
    .default({})
    .describe("Who wins a clash, by field or group (rule R12)."),
  updatePolicy: policyByField.default({}),
  guards: z
    .strictObject({
      deletes: guard(25, 5, 2),
      clears: guard(50, 10, 5),
      overwrites: guard(500, 20, 20),
      creates: guard(5000, 20),
    })
    .prefault({})
    .describe("What looks like a disaster stops itself, in each direction of an object, and waits for a person (R30)."),
  pingPong: z
    .strictObject({ swings: z.int().min(2).default(3), within: duration.default("24h") })
    .prefault({})
    .describe("A field that swings A→B→A this often in this time is put before a person."),
  activities: z
    .strictObject({
      tilbudKr: z
        .enum(["all", "open"])
        .default("all")
        .describe("Which tilbud tilbudKr adds up: all that are not cancelled, or the open ones only."),
    })
    .prefault({})
    .describe("What adds up from activities and tilbud."),
  archive: z
    .strictObject({
      requireZeroKreditor: z
        .boolean()
        .default(false)
        .describe("A kreditor's balance must be zero too, not only a debitor's, before a Kundeemne is archived."),
    })
    .prefault({})
    .describe("What archiving asks for."),
  gdpr: z
    .strictObject({
      financialYearEnds: z
        .string()
        .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, { error: "A month and a day: 12-31" })
        .default("12-31")
        .describe(
          "Last day of the financial year, MM-DD: accounting material is kept five years from it when somebody is erased.",
        ),
      leadMonths: z
        .int()
        .min(1)
        .max(240)
        .default(24)
        .describe("A lead with which nothing has happened for so many months is listed as due to be erased."),
      controller: z
        .string()
        .min(1)
        .max(500)
        .optional()
        .describe("Who answers for the processing, for the record of art. 30."),
      purpose: z
        .string()
        .min(1)
        .max(1000)
        .default("Pleje af kunder og emner, salg og markedsføring")
        .describe("What for, for the record of art. 30."),
    })
    .prefault({})
    .describe("What the rights of the registered ask for."),
  vocabularies: z
    .partialRecord(z.enum(vocabularyFields), vocabulary)
    .default({})
    .describe("Words that these fields take, as a list or with a text each; a field without a list takes any (S6)."),
  contacts: z
    .strictObject({
      ownDomains: z
        .array(z.string().min(1).max(253))
        .default([])
        .describe("E-mail domains of your own company: a colleague's address is nobody's contact (S25)."),
    })
    .prefault({})
    .describe("Contacts that are made of e-mail addresses."),
  leads: z
    .strictObject({
      origins: z
        .array(
          z
            .url({ protocol: /^https?$/ })
            .refine((url) => URL.parse(url)?.origin === url, "An origin is scheme, host and port"),
        )
        .default([])
        .describe("Web pages whose forms may send leads from the browser, as `https://www.example.dk` (CORS)."),
      limit: z
        .strictObject({ requests: z.int().min(1).default(60), per: duration.default("1m") })
        .prefault({})
        .describe("Leads that one key may send in a time; beyond, 429."),
    })
    .prefault({})
    .describe("Leads of web forms, fairs and calls."),
  retention: z
    .strictObject({
      inbox: duration.default("30d").describe("Decided changes."),
      attempts: duration.default("90d").describe("Attempts of settled deliveries."),
      runs: duration.default("180d").describe("Ended runs."),
      feed: duration.default("30d").describe("Entries of the feed."),
      history: duration.default("1825d").describe("Earlier values of fields."),
      reviews: duration.default("365d").describe("Decided reviews."),
      idempotencyKeys: duration.default("24h").describe("Answers kept for a repeated Idempotency-Key."),
    })
    .prefault({})
    .describe("How long what is finished with is kept."),
  backpressure: z
    .strictObject({
      waitingChanges: z
        .int()
        .min(1)
        .default(1_000_000)
        .describe("Changes waiting at one connection; beyond, /inbound answers 429."),
      freeDiskMiB: z
        .int()
        .min(0)
        .default(512)
        .describe("Free disk of the database's folder; below, /inbound answers 503."),
    })
    .prefault({})
    .describe("When callers are asked to wait."),
});

export type ConfigFile = z.output<typeof configSchema>;

export type { ConnectionConfig, Guard, KoblingConfig, ObjectConfig, RequestLimit } from "./resolved.ts";
