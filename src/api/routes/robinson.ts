import { createRoute, z } from "@hono/zod-openapi";
import { copenhagenDay } from "../../lib/time.ts";
import type { ListedPerson } from "../../pipelines/robinson.ts";
import { firstRows, guessDelimiter, readCsv } from "../../tables/csv.ts";
import { decodeStream } from "../../tables/encoding.ts";
import { columnNames, type TableRow } from "../../tables/table.ts";
import { actorOf } from "../actor.ts";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";
import { json, secured, securedProblems } from "../route.ts";

const CSV = "text/csv";
const HEADINGS = ["navn", "adresse1", "postnr"] as const;
/** A heading is read from so much of the file. */
const HEAD_BYTES = 65_536;

const check = createRoute({
  method: "post",
  path: "/v1/robinson/checks",
  tags: ["consent"],
  summary: "Look everybody up in the Robinson list",
  description:
    `The list as CSV with the headings ${HEADINGS.join(", ")}. Every Kundeemne that may be a person is looked up by surname, first letter and house, and ` +
    "keeps what the list says and of which day it is; of the list nothing is kept. A check from before the newest quarter's list no longer counts.",
  ...secured("admin"),
  request: {
    query: z.strictObject({
      day: z.iso.date().openapi({ description: "The day of the list." }),
      encoding: z.enum(["utf-8", "windows-1252"]).default("utf-8"),
    }),
    // A reference, not a schema: the body is read as a stream.
    body: { required: true, content: { [CSV]: { schema: { type: "string", format: "binary" } } } },
  },
  responses: {
    200: json(
      z
        .strictObject({
          lines: z.int(),
          unreadable: z.int().openapi({ description: "Lines without a surname or a house: they recognise nobody." }),
          checked: z.int(),
          listed: z.int(),
          unknown: z
            .int()
            .openapi({ description: "Kundeemner without a house or a surname: they are not written to." }),
        })
        .openapi("RobinsonChecked"),
      "What was looked up.",
    ),
    ...securedProblems(415, 422),
  },
});

/** The Robinson list is looked up here and not kept (markedsføringsloven § 10). */
export function robinsonRoutes(app: Api, deps: ApiDeps): void {
  app.openapi(check, async (c) => {
    const { day, encoding } = c.req.valid("query");
    const type = (c.req.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
    if (type !== CSV) throw new Problem(415, "unsupported_media_type", { facts: { expected: CSV } });
    if (day > copenhagenDay(new Date()))
      throw new Problem(422, "invalid_request", {
        faults: [{ pointer: "/day", code: "bad_value", facts: { rule: "not_in_future" } }],
      });
    const text = decodeStream(c.req.raw.body ?? nothing(), encoding);
    return c.json(await deps.gateway.checkRobinson(personsOf(text), { day, by: actorOf(c) }), 200);
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
}

/** The columns of the list, wherever they stand. Throws a problem that names the heading that is missing. */
async function* personsOf(text: AsyncGenerator<string>): AsyncGenerator<ListedPerson[]> {
  let head = "";
  for (let next = await text.next(); next.done !== true; next = await text.next()) {
    head += next.value;
    if (head.length >= HEAD_BYTES || /\n./.test(head)) break;
  }
  const delimiter = guessDelimiter(head);
  const [headings = []] = await firstRows(asStream(head), delimiter, 1);
  const names = columnNames(headings).map((name) => name.trim().toLowerCase());
  const places = HEADINGS.map((heading) => names.indexOf(heading));
  const missing = HEADINGS.filter((_, at) => places[at] === -1);
  if (missing.length > 0)
    throw new Problem(422, "invalid_request", {
      faults: missing.map((heading) => ({ pointer: `/${heading}`, code: "required", facts: { rule: "heading" } })),
    });
  const whole = async function* (): AsyncGenerator<string> {
    yield head;
    yield* text;
  };
  const cell = ({ cells }: TableRow, at: number): string => String(cells[places[at] ?? -1] ?? "");
  for await (const rows of readCsv(whole(), { delimiter, headingRow: 1 }))
    yield rows.map((row) => ({ navn: cell(row, 0), adresse1: cell(row, 1), postnr: cell(row, 2) }));
}

async function* asStream(text: string): AsyncGenerator<string> {
  yield text;
}
