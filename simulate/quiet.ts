import { deliver } from "../src/pipelines/deliver.ts";
import { ingestAndReadAgain } from "../src/pipelines/listing.ts";
import { unrestrict } from "../src/pipelines/restriction.ts";
import { poll } from "../src/pipelines/runs.ts";
import { applyAtErp, pullForErp, pushFromErp, receiptsFromErp, snapshotFromErp } from "./acts-erp.ts";
import type { History } from "./history.ts";
import { objectOf } from "./remotes/columns.ts";
import { CALLED, REMOTES } from "./remotes/remotes.ts";
import { person } from "./steps.ts";
import { startingWishes } from "./world.ts";

const MOST_ROUNDS = 14;
/** Longer than any wait of ours: leases, quiet times, the longest pause between two tries. */
const ROUND_MS = 20 * 60_000;

/** Edits stop and every connection answers, until nothing is written any more (promise 2). The number of rounds it took. */
export async function untilQuiet(history: History): Promise<number> {
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const before = await activity(history);
    await oneRound(history);
    if ((await activity(history)) === before && (await isIdle(history))) {
      history.quietAt.push({ place: history.order.next(), at: history.clock.ms });
      history.told.push(`      quiet after ${round} rounds`);
      return round;
    }
  }
  const open = await history.ground.sql.unsafe(
    "select connection, kind, state, reason, entity_id, (due_at - kobling_now())::text as due_in from deliveries where state in ('due', 'leased', 'uncertain')",
  );
  history.faults.push(`Not quiet after ${MOST_ROUNDS} rounds: ${JSON.stringify([...open])}`);
  return MOST_ROUNDS;
}

/** What stands at the remotes at the start is known before anything is written: as a release after a preview has it (R27). */
export async function readAll(history: History): Promise<void> {
  const { deps } = history.process();
  for (const name of CALLED) await poll(deps, name, objectOf[name], "delta");
  await pushFromErp(history, deps, { n: 0, do: "push", message: 0, how: "all" });
  await ingestAndReadAgain(deps, "erp");
}

/** Everything is read, decided, delivered, pushed, pulled and receipted once; time passes. */
export async function oneRound(history: History): Promise<void> {
  history.clock.tick(ROUND_MS);
  for (const name of REMOTES) history.remotes.table(name).finish();
  await history.moved();
  const { deps, life } = history.process();
  life.begin(undefined);
  for (const name of CALLED) {
    await poll(deps, name, objectOf[name], "reconcile");
    await history.noteLosers();
  }
  const { erp } = history.remotes;
  await pushFromErp(history, deps, { n: 0, do: "push", message: 0, how: "all" });
  await snapshotFromErp(history, deps, []);
  for (const name of REMOTES) await ingestAndReadAgain(deps, name);
  await history.noteLosers();
  for (const name of CALLED) {
    await deliver(deps, name);
    await history.noteLosers();
  }
  await pullForErp(history, deps, 100);
  erp.inbox.sort((a, b) => a.delivery - b.delivery);
  while (erp.inbox.length > 0) applyAtErp(history, { n: 0, do: "apply", delivery: 0, how: "once" });
  while (erp.receipts.length > 0)
    await receiptsFromErp(history, deps, { n: 0, do: "receipt", receipt: 0, how: "once" });
  await pushFromErp(history, deps, { n: 0, do: "push", message: 0, how: "all" });
  for (const name of REMOTES) await ingestAndReadAgain(deps, name);
}

/** What would rise if anything were written anywhere. */
export async function activity(history: History): Promise<number> {
  const [row] = await history.ground.sql.unsafe("select count(*)::int as n from history");
  return Number(row?.n) + REMOTES.reduce((sum, name) => sum + history.remotes.table(name).writes.length, 0);
}

/** Nothing is due that may go, nothing waits that may be decided. */
async function isIdle(history: History): Promise<boolean> {
  const [out, inward] = [
    ["both", "out"],
    ["both", "in", "out"],
  ].map((wished) => REMOTES.filter((name) => wished.includes(history.wishes[name])));
  const [row] = await history.ground.sql.unsafe(
    `select (select count(*) from deliveries d join kundeemner k on k.id = d.entity_id
         where d.state in ('due', 'leased', 'uncertain') and d.connection = any($1)
         -- A create that is out at a system that pulls, and that a case holds, waits for a person.
         and not (d.state = 'leased' and d.kind = 'create' and d.reason is not distinct from 'held')
         and not coalesce(k.begraenset_vaerdi, false) and not coalesce(k.arkiveret_vaerdi, false) and k.orphaned_at is null)
       + (select count(*) from changes c join lanes l using (connection, object)
         where c.state = 'received' and l.stopped_reason is null and c.connection = any($2))
       -- What one listing has missed is decided after the next.
       + (select count(*) from links where missing_since is not null and state <> 'gone' and connection = any($2)) as n`,
    [out ?? [], inward ?? []],
  );
  return Number(row?.n) === 0;
}

/** Every reason that held something back is gone. */
export async function reopen(history: History): Promise<void> {
  for (const name of REMOTES) await history.switch(name, startingWishes[name]);
  await history.ground.sql.unsafe("update kundeemner set policies = null");
  const { deps, life } = history.process();
  life.begin(undefined);
  const restricted = await history.ground.sql.unsafe("select id from kundeemner where begraenset_vaerdi order by id");
  for (const { id } of restricted) await unrestrict(deps, { id: String(id), reason: "the history ends", by: person });
}
