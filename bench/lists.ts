import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { request } from "undici";
import { bodyOf, debitor } from "../rig/debitorer.ts";
import { type RunningGateway, startGateway } from "../rig/gateway.ts";
import { startProgram } from "../rig/program.ts";
import { kundeemneCatalogue } from "../src/model/catalogue.ts";
import { criterionOf } from "../src/model/criteria.ts";
import { listKundeemner } from "../src/store/kundeemner-read.ts";
import { push } from "./push.ts";
import { quantile } from "./report.ts";

/** One question to a list: the median time of a page over HTTP and of its statement alone, in ms. */
export interface ListTimes {
  readonly list: string;
  readonly oursMs: number;
  readonly bareMs: number;
}

export interface Lists {
  readonly rows: number;
  readonly times: readonly ListTimes[];
}

const ERP = { connection: "erp", object: "debitor" } as const;
const SEED = 321;
/** As many as come in by the way of every change; the others are copies of them with sums and dates of their own. */
const PATTERNS = 1_000;
const LIMIT = 50;
const TIMES = 200;
const WARMING = 20;

/** Filters with an order, both on what adds up from activities and tilbud (domain notes, a8). */
const questions = [
  { filter: { "vaerdi[gte]": "50000" }, sort: "-vaerdi" },
  { filter: { landekode: "DK", "tilbudKr[gte]": "1000" }, sort: "tilbudKr" },
  { filter: { "nyesteAkt[lt]": "2026-06-01" }, sort: "-nyesteAkt" },
  { filter: { postnr: "8000", "vaerdi[gt]": "0" }, sort: "-nyesteAkt" },
] as const;

/**
 * Pages of `GET /v1/kundeemner` on a table of so many records, every fourth with activities and tilbud, one after the
 * other; then bare: the very statements that the store sends, through the same driver, in a process of its own.
 */
export async function lists(rows: number, say: (text: string) => void): Promise<Lists> {
  const gateway = await startGateway({
    connections: {
      erp: { connector: "api", objects: { debitor: { direction: "in", firstMeeting: "remote", create: "in" } } },
    },
  });
  try {
    await gateway.release("erp", "debitor");
    const patterns = Math.min(rows, PATTERNS);
    await push(gateway, ERP, [...bodyOf(patterns, (n) => debitor(SEED, n), { counter: 1 })]);
    await multiply(gateway, rows, patterns);
    say(`lists: ${rows} records are there`);
    const statements = await Promise.all(questions.map((question) => statementsOf(gateway, question)));
    const path = join(gateway.home, "statements.json");
    await writeFile(path, JSON.stringify(statements));
    if (process.env.KEEP) await writeFile(process.env.KEEP, JSON.stringify({ statements, url: gateway.databaseUrl }));
    const times: ListTimes[] = [];
    const program = [
      "bench/bare/list.ts",
      "--url",
      gateway.databaseUrl,
      "--statements",
      path,
      "--times",
      String(TIMES),
    ];
    const bare = JSON.parse(await startProgram(program).ended) as number[][]; // its one line
    for (const [at, question] of questions.entries()) {
      const list = `?${addressOf(question)}`;
      const each = {
        ...{ list, oursMs: round(quantile(await pages(gateway, list), 0.5)) },
        bareMs: round(quantile(bare[at] ?? [], 0.5)),
      };
      say(`lists ${list}: ${each.oursMs} ms, bare ${each.bareMs} ms`);
      times.push(each);
    }
    return { rows, times };
  } finally {
    await gateway.close();
  }
}

const round = (ms: number): number => Number(ms.toFixed(2));

type Question = (typeof questions)[number];

const addressOf = ({ filter, sort }: Question): string =>
  new URLSearchParams({ ...filter, sort, limit: String(LIMIT) }).toString();

/** Times of so many pages, in ms, each read to its end. Throws when a page is not full. */
async function pages({ url, key }: RunningGateway, list: string): Promise<number[]> {
  const tookMs: number[] = [];
  for (let n = -WARMING; n < TIMES; n += 1) {
    const began = performance.now();
    const answer = await request(`${url}/v1/kundeemner${list}`, { headers: { authorization: `Bearer ${key}` } });
    const text = await answer.body.text();
    if (n >= 0) tookMs.push(performance.now() - began);
    if (answer.statusCode !== 200) throw new Error(`${list} was answered ${answer.statusCode}: ${text}`);
    const { items } = JSON.parse(text) as { items: unknown[] }; // as /openapi.json says
    if (items.length !== LIMIT) throw new Error(`${list} has ${items.length} records, not ${LIMIT}`);
  }
  return tookMs;
}

/** The statements of a question's first page, with their parameters, as the store sends them. */
async function statementsOf({ databaseUrl }: RunningGateway, { filter, sort }: Question) {
  const sent: { text: string; parameters: unknown[] }[] = [];
  const debug = (_: number, text: string, parameters: unknown[]): void => void sent.push({ text, parameters });
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined, fetch_types: false, debug });
  try {
    const asked = criterionOf(kundeemneCatalogue, Object.entries(filter));
    if (asked.faults.length > 0) throw new Error(`No list can ask ${JSON.stringify(filter)}`);
    const terms = [asked.criterion, { field: "arkiveret.vaerdi", is: false }];
    const by = sort.replace(/^-/, "");
    await listKundeemner(sql, { criterion: { and: terms }, sort: { by, descending: by !== sort }, limit: LIMIT });
    return sent;
  } finally {
    await sql.end();
  }
}

/**
 * Copies the records that are there until there are so many. Every fourth has an activity and a tilbud, and the sums that
 * these make; numbers of account and registration are each copy's own.
 */
async function multiply({ sql }: RunningGateway, rows: number, patterns: number): Promise<void> {
  const own: Readonly<Record<string, string>> = {
    ...{ id: "gen_random_uuid()", kontonummer: "'B' || (copy * 1000000 + nr)", cvr_nr: "null" },
    ...{ vaerdi: "case when has then amount end", tilbud_kr: "case when has then amount / 4 end" },
    nyeste_akt: "case when has then date '2026-11-01' - (amount::int % 1500) end",
  };
  const columns = await sql<{ name: string }[]>`
    select attname as name from pg_attribute
    where attrelid = 'kundeemner'::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`;
  const names = columns.map(({ name }) => name);
  await sql.unsafe(
    `insert into kundeemner (${names.join(", ")})
     select ${names.map((name) => own[name] ?? `k.${name}`).join(", ")}
     from (select *, row_number() over (order by id) as nr from kundeemner) k
     cross join generate_series(1, $1::int) copy
     cross join lateral (select (nr + copy) % 4 = 0 as has, ((nr * 7919 + copy * 104729) % 1000000 + 1)::numeric as amount) x`,
    [Math.ceil(rows / patterns) - 1],
  );
  await sql.unsafe(`
    insert into aktiviteter (id, version, created_at, updated_at, created_by, updated_by, kundeemne_id, dato, vaerdi)
    select gen_random_uuid(), 1, now(), now(), 'bench', 'bench', id, nyeste_akt, vaerdi from kundeemner
    where vaerdi is not null;
    insert into tilbud (id, version, created_at, updated_at, created_by, updated_by, kundeemne_id, beloeb)
    select gen_random_uuid(), 1, now(), now(), 'bench', 'bench', id, tilbud_kr from kundeemner where tilbud_kr is not null`);
  await sql.unsafe("vacuum analyze kundeemner, aktiviteter, tilbud");
  const [there] = await sql<{ n: number }[]>`select count(*)::int as n from kundeemner`;
  if (there?.n !== Math.ceil(rows / patterns) * patterns) throw new Error(`${there?.n} records are there, not ${rows}`);
}
