import type { Deps } from "../src/pipelines/deps.ts";
import { leaseOutbound, receiptOutbound } from "../src/pipelines/outbound.ts";
import { receive } from "../src/pipelines/receive.ts";
import { workRuns } from "../src/pipelines/runs.ts";
import { completeSnapshot, openSnapshot } from "../src/pipelines/snapshots.ts";
import { findSnapshot } from "../src/store/snapshots-read.ts";
import type { History } from "./history.ts";
import { objectOf } from "./remotes/columns.ts";
import type { Step } from "./steps.ts";

const connection = "erp";
const object = objectOf.erp;
const by = { kind: "api", name: "erp" } as const;

/** Messages of the ERP on their way to us: in any order, twice, or never. What was not acknowledged is sent again. */
export async function pushFromErp(history: History, deps: Deps, step: Step & { do: "push" }): Promise<string> {
  const { erp } = history.remotes;
  const waiting = erp.outbox.length;
  if (waiting === 0) return "nothing to tell";
  const isAll = step.how === "all";
  const at = isAll ? 0 : step.message % waiting;
  const messages = erp.outbox.slice(at, at + (isAll ? waiting : 1));
  if (step.how === "drop") {
    erp.outbox.splice(at, messages.length);
    return "lost on the way";
  }
  const envelopes = messages.map(({ envelope }) => envelope);
  const sayings = messages.map(({ row, place, envelope: { counter, lastDelivery = 0 } }) => ({
    row,
    counter,
    lastDelivery,
    place,
  }));
  const inTurn = sayings.filter((each) => erp.says(each));
  await receive(
    deps,
    { connection, object, via: "push" },
    step.how === "twice" ? [...envelopes, ...envelopes] : envelopes,
  );
  // Acknowledged; until then they are sent again.
  for (const message of messages) {
    const still = erp.outbox.indexOf(message);
    if (still >= 0) erp.outbox.splice(still, 1);
  }
  for (const each of inTurn) erp.wasTold(each);
  return envelopes
    .map((each) => `${each.externalId} counter ${each.counter} last ${each.lastDelivery ?? "-"}`)
    .join("; ");
}

export async function pullForErp(history: History, deps: Deps, limit: number): Promise<string> {
  const { deliveries } = await leaseOutbound(deps, { connection, object, limit, waitMs: 0 });
  for (const each of deliveries) history.remotes.erp.inbox.push({ ...each, step: history.order.step });
  return deliveries
    .map((each) => `${each.kind} ${each.externalId ?? ""} as ${each.delivery} ${JSON.stringify(each.data)}`)
    .join("; ");
}

export function applyAtErp(history: History, step: Step & { do: "apply" }): string {
  const { erp } = history.remotes;
  if (erp.inbox.length === 0) return "nothing handed out";
  const [handed] = erp.inbox.splice(step.delivery % erp.inbox.length, 1);
  if (handed === undefined) return "nothing handed out";
  const how = step.how === "twice" ? "once" : step.how;
  erp.apply(handed, how);
  if (step.how === "twice") erp.apply(handed, how);
  return `${handed.delivery} ${step.how}`;
}

export async function receiptsFromErp(history: History, deps: Deps, step: Step & { do: "receipt" }): Promise<string> {
  const { erp } = history.remotes;
  if (erp.receipts.length === 0) return "no receipt";
  const at = step.receipt % erp.receipts.length;
  const receipt = erp.receipts[at];
  if (receipt === undefined) return "no receipt";
  if (step.how === "drop") {
    erp.receipts.splice(at, 1);
    return `${receipt.delivery} lost on the way`;
  }
  const saying = erp.sayings.get(receipt);
  const inTurn = saying !== undefined && erp.says(saying);
  const { refused } = await receiptOutbound(
    deps,
    { connection, object },
    step.how === "twice" ? [receipt, receipt] : [receipt],
  );
  erp.receipts.splice(erp.receipts.indexOf(receipt), 1); // acknowledged
  if (inTurn && refused.length === 0) erp.wasTold(saying);
  return `${receipt.delivery} ${receipt.outcome}${refused.map((each) => ` ${each.code}`).join("")}`;
}

/** Everything that the ERP has, one by one; other things may happen in between. */
export async function snapshotFromErp(history: History, deps: Deps, meanwhile: readonly Step[]): Promise<string> {
  const { erp } = history.remotes;
  const { snapshot } = await openSnapshot(deps, { connection, object, by });
  const runId = (await findSnapshot(deps.db.sql, snapshot))?.runId;
  if (runId === undefined) throw new Error("The snapshot is not there");
  const rows = erp.table.live;
  const half = Math.floor(rows.length / 2);
  let count = 0;
  for (const [at, row] of rows.entries()) {
    if (at === half) for (const step of meanwhile) await history.step(step, true);
    if (row.gone) continue;
    count += 1;
    const saying = erp.sayingOf(row);
    const inTurn = erp.says(saying);
    await receive(deps, { connection, object, via: "snapshot", runId }, [
      {
        externalId: row.id,
        data: erp.image(row),
        counter: row.version,
        ...(row.lastDelivery === 0 ? {} : { lastDelivery: row.lastDelivery }),
      },
    ]);
    if (inTurn) erp.wasTold(saying);
  }
  const { missing } = await completeSnapshot(deps, { connection, object, snapshot, count });
  await workRuns(deps, connection);
  return `${count} shown, ${missing} missing`;
}
