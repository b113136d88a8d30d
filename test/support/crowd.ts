import type { Row } from "../../simulators/keybalance/tables.ts";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { person } from "./engine.ts";
import { company, type Stage } from "./stage.ts";

/** So many companies that are not alike: nobody is matched with another. */
export const crowd = (size: number, from = 1): Row[] =>
  numbers(from, from + size - 1).map((at) =>
    company(String(at), {
      Navn: `Firma nr. ${at} ApS`,
      Søgenavn: `FIRMA ${at}`,
      SE_Nr: "",
      Adr1: `Vej ${at}`,
      Telefon: String(20_000_000 + at),
    }),
  );

export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** Guards of which only those named are narrow. */
export const guardsOf = (narrow: Record<string, object>) => ({
  guards: {
    deletes: { max: 1000, percent: 100 },
    clears: { max: 1000, percent: 100 },
    overwrites: { max: 1000, percent: 100 },
    creates: { max: 1000 },
    ...narrow,
  },
});

/** Another name for these companies in the ledger. */
export function rename({ erp }: Stage, ids: readonly number[], name: string): void {
  for (const id of ids) erp.control.put("Debitorer", String(id), { Navn: `${name} ${id}` });
}

/** The ledger tells the new name of these companies, in one go: they wait in the inbox. */
export async function tellNames(
  { ask }: Stage,
  ids: readonly number[],
  name: string,
  run: number | null = null,
): Promise<void> {
  await ask(
    `insert into changes (connection, object, external_id, state, via, hash, began_at, received_at, run_id, body)
     select l.connection, l.object, l.external_id, 'received', 'poll', $2 || l.external_id, kobling_now(), kobling_now(), $3::bigint,
       jsonb_set(coalesce(c.body, l.image)::jsonb, '{Navn}', to_jsonb($2 || ' ' || l.external_id))::json
     from links l left join changes c on c.id = l.image_change
     where l.object = 'debitor' and l.external_id = any($1::text[]) order by l.external_id::int`,
    [`{${ids.join(",")}}`, name, run],
  );
}

/** How many of our records have a name that begins so. */
export async function countNamed({ ask }: Stage, name: string): Promise<number> {
  const [row] = await ask("select count(*)::int as n from kundeemner where firmanavn like $1", [`${name}%`]);
  return Number(row?.n);
}

/** What waits in the inbox or was put aside, by state. */
export const inboxOf = ({ ask }: Stage) =>
  ask("select state, count(*)::int as n from changes where state in ('received', 'quarantined') group by 1 order by 1");

/** Decides the stopped run that waits, and carries out what follows from that. */
export async function decideStop(stage: Stage, decision: "approve" | "dismiss", range?: object): Promise<void> {
  const [review] = await stage.reviews("stopped_run");
  const act = { id: Number(review?.id), decision, by: person };
  await decideReview(stage.engine.deps, range === undefined ? act : { ...act, range });
  await stage.engine.work();
}

/** What a review of a stopped run says of it. */
export const detailOf = (review: Record<string, unknown> = {}) =>
  review.detail as {
    waiting: number;
    counts: object;
    sample: object[];
    text: { da: string; en: string };
    restOf?: number;
  };
