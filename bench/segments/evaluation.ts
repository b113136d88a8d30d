import { v7 } from "uuid";
import { createLog } from "../../src/lib/log.ts";
import { redactor } from "../../src/lib/secrets.ts";
import { kundeemneCatalogue } from "../../src/model/catalogue.ts";
import type { Deps } from "../../src/pipelines/deps.ts";
import { runSegments } from "../../src/pipelines/segments.ts";
import { criterionSql } from "../../src/store/criteria-sql.ts";
import type { Database, Sql } from "../../src/store/database.ts";
import { insertSegment } from "../../src/store/segments.ts";
import { type WishedSegment, wishes } from "./population.ts";

/** Seconds of working out every segment from nothing. */
export interface Evaluated {
  readonly oursSeconds: number;
  readonly bareSeconds: number;
  /** Places given out; the same number on both sides. */
  readonly members: number;
}

/**
 * Works out every segment from nothing: members, events and the rule of eligibility for each person. Bare: one INSERT ... SELECT of
 * each criterion into a table of the same shape, which asks nothing of consent and tells no event.
 */
export async function evaluate(db: Database, seal: Deps["seal"], segments: number): Promise<Evaluated> {
  const wished = wishes(segments).map((wish): WishedSegment => ({ ...wish, id: v7() }));
  for (const wish of wished) await insertSegment(db.sql, wish.id, wish, "bench");
  const bare = await bareInserts(db.sql, wished);
  const log = createLog({ level: "warn", redactor: redactor() });
  await db.sql.unsafe("checkpoint");
  const began = performance.now();
  const runs = await runSegments(
    { db, log, seal },
    wished.map(({ id }) => id),
  );
  const oursSeconds = (performance.now() - began) / 1000;
  const members = [...runs.values()].reduce((sum, run) => sum + run.members, 0);
  if (members !== bare.members) throw new Error(`${members} members were found, and bare ${bare.members}`);
  return { oursSeconds, bareSeconds: bare.seconds, members };
}

async function bareInserts(
  sql: Sql,
  segments: readonly WishedSegment[],
): Promise<{ seconds: number; members: number }> {
  await sql.unsafe("create table bench_members (like segment_members including all)");
  await sql.unsafe("checkpoint");
  const began = performance.now();
  let members = 0;
  for (const { id, level, criterion } of segments) {
    const asked = criterionSql(sql, kundeemneCatalogue, criterion);
    const put = sql`insert into bench_members (segment_id, entity_id, kundeemne_id, why, since)`;
    const { count } =
      level === "kundeemne"
        ? await sql`${put} select ${id}::text::uuid, e.id, e.id, 'criterion', now() from kundeemner e where ${asked}`
        : await sql`${put} select ${id}::text::uuid, p.id, e.id, 'criterion', now()
            from kundeemner e join kontaktpersoner p on p.kundeemne_id = e.id where ${asked}`;
    members += count;
  }
  const seconds = (performance.now() - began) / 1000;
  await sql.unsafe("drop table bench_members");
  return { seconds, members };
}
