import type { AudienceBatch, AudienceReceipt } from "../../connectors/audience.ts";
import { RejectedError } from "../../lib/errors.ts";
import { copenhagenDay } from "../../lib/time.ts";
import { consentAddress } from "../../rules/consent-address.ts";
import { type Campaign, findCampaign } from "../../store/campaigns.ts";
import { readNow } from "../../store/clock.ts";
import { noteFault } from "../../store/connections.ts";
import {
  type Batch,
  claimBatch,
  halveBatch,
  keepFitting,
  leaseBatch,
  membersOf,
  pageOwed,
  readStamps,
  restBatch,
  settleBatch,
} from "../../store/hand-over-batches.ts";
import { type HandOver, owe, wantOut } from "../../store/hand-overs.ts";
import { markOptedOut } from "../../store/opt-outs.ts";
import { alert } from "../../store/reviews.ts";
import { classify } from "../classify.ts";
import type { Deps } from "../deps.ts";
import { asError } from "../each.ts";
import { stopConnection } from "../stop-connection.ts";
import { closedBy } from "./campaigns.ts";
import { noteOptOuts } from "./opt-outs.ts";
import { judgeMembers, type Passable, refusalOf } from "./reconsider.ts";

/** Above the longest call of any tool. */
const LEASE_MS = 5 * 60_000;
/** How often a tool is asked what became of a batch that it carries out by itself. */
const ASK_MS = 2_000;
const BATCHES_A_TURN = 1_000;

/**
 * Sends what is owed to a campaign tool, batch by batch, until nothing is due or the tool fails. Safe to run at once in several
 * processes and again after a crash: a batch stands before it is sent, and is sent again with the same id until it has its
 * receipts. Gives how many batches were sent.
 */
export async function handOver(deps: Deps, connection: string): Promise<number> {
  const atOnce = deps.connectorOf(connection).audience?.atOnce ?? 1;
  const flying = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let isOver = false;
  let sent = 0;
  const fly = async (take: () => Promise<boolean>): Promise<void> => {
    try {
      if (!(await take())) isOver = true;
    } catch (error) {
      failures.push(error);
      isOver = true;
    }
  };
  while (!isOver && sent < BATCHES_A_TURN) {
    const next = await nextBatch(deps, connection);
    if (next === undefined) {
      if (flying.size === 0) break;
      await Promise.race(flying); // what it comes to may be owed anew
      continue;
    }
    sent += 1;
    const flight: Promise<void> = fly(next).finally(() => flying.delete(flight));
    flying.add(flight);
    if (flying.size >= atOnce) await Promise.race(flying);
  }
  await Promise.all(flying);
  if (failures.length > 0) throw failures[0];
  if (sent === BATCHES_A_TURN) await deps.queue.due("audience", connection);
  return sent;
}

/** The next batch, as what is left to do with it: false where the tool cannot be sent more for now. Undefined: nothing is due. */
async function nextBatch(deps: Deps, connection: string): Promise<(() => Promise<boolean>) | undefined> {
  const again = await leaseBatch(deps.db.sql, connection, LEASE_MS);
  if (again !== undefined)
    return async () => {
      const message = await messageAgain(deps, again);
      return message === undefined || (await carryOut(deps, message.batch, message.content));
    };
  const claimed = await claimNext(deps, connection);
  if (claimed === undefined) return undefined;
  const { batch, campaign, judged } = claimed;
  return async () => {
    const members = await membersOf(deps.db.sql, batch.id);
    return await carryOut(deps, batch, contentOf(batch, campaign, members, judged));
  };
}

/** Whoever's verdict keeps moving is left to the next turn. */
const ROUNDS = 10;

interface Claimed {
  readonly batch: Batch;
  readonly campaign: Campaign;
  /** The statement that took the batch has found them as they were judged. */
  readonly judged: ReadonlyMap<string, Passable>;
}

/**
 * Takes the next acts that are owed. The verdict is asked for here, and the statement that takes them asks whether
 * anything that it rests upon has moved since (S62).
 */
export async function claimNext(
  deps: Deps,
  connection: string,
  /** Between verdict and statement: for tests that put something there. */
  between: () => Promise<void> = async () => undefined,
): Promise<Claimed | undefined> {
  const { sql } = deps.db;
  const limit = deps.connectorOf(connection).audience?.batchSize ?? 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const owed = await pageOwed(sql, connection, limit);
    const [first] = owed;
    const campaign = first && (await findCampaign(sql, first.campaignId));
    if (campaign === undefined) return undefined;
    const today = copenhagenDay(new Date(await readNow(sql)));
    const adds = owed.filter((each) => each.owed === "add");
    const { stamps, judged, refused } = await judge(deps, campaign, adds, today);
    await wantOut(sql, campaign.id, refused);
    if (refused.length > 0) await owe(sql, { addresses: refused.map(({ address }) => address) });
    await between();
    const out = new Set(refused.map(({ address }) => address));
    const batch = await claimBatch(sql, {
      ...{ id: deps.newId(), campaignId: campaign.id, connection, today, leaseMs: LEASE_MS },
      allowed: stamps.filter(({ address }) => !out.has(address)),
      removes: owed.filter((each) => each.owed === "remove").map(({ address }) => address),
    });
    if (batch !== undefined) return { batch, campaign, judged };
    // Something has moved: what is owed is worked out anew before the next round, so that nobody stands in the way for good.
    await owe(sql, { addresses: owed.map(({ address }) => address) });
  }
  return undefined;
}

/** Verdicts, with what they rest upon as it stood before they were asked for. */
async function judge(deps: Deps, campaign: Campaign, adds: readonly HandOver[], today: string) {
  const { sql } = deps.db;
  const stamps = await readStamps(sql, adds);
  const judged = await judgeMembers(deps, sql, campaign, adds);
  const closed = closedBy(campaign, today);
  const refused = adds.flatMap(({ address }) => {
    const reason = closed ?? refusalOf(judged.get(address));
    return reason === undefined ? [] : [{ address, reason }];
  });
  return { stamps, judged, refused };
}

/**
 * What is sent of a batch that is taken up again: it is judged anew, who may not be handed over any more leaves it, and its id changes
 * with its content. Undefined: nothing is left of it.
 */
async function messageAgain(deps: Deps, batch: Batch): Promise<{ batch: Batch; content: AudienceBatch } | undefined> {
  const { sql } = deps.db;
  const campaign = await findCampaign(sql, batch.campaignId);
  if (campaign === undefined) throw new Error("A batch is of no campaign");
  const today = copenhagenDay(new Date(await readNow(sql)));
  const adds = (await membersOf(sql, batch.id)).filter(({ owed }) => owed === "add");
  const { stamps, judged, refused } = await judge(deps, campaign, adds, today);
  let now: Batch | undefined = batch;
  if (batch.ticket === null) {
    const out = new Set(refused.map(({ address }) => address));
    now = await sql.begin(async (tx) => {
      const allowed = stamps.filter(({ address }) => !out.has(address));
      const kept = await keepFitting(tx, batch, allowed, today);
      await wantOut(tx, campaign.id, refused);
      if (kept.left.length > 0) await owe(tx, { addresses: kept.left });
      return kept.batch;
    });
  }
  if (now === undefined) return undefined;
  const members = await membersOf(sql, batch.id);
  return { batch: now, content: contentOf(now, campaign, members, judged) };
}

function contentOf(
  batch: Batch,
  { id, name, purpose, channel }: Campaign,
  members: readonly HandOver[],
  judged: ReadonlyMap<string, Passable>,
): AudienceBatch {
  const adds = members.flatMap(({ owed, entityId, address }) => {
    if (owed !== "add") return [];
    const known = judged.get(address);
    const { record, contact } = { record: known?.record, contact: known?.contact };
    const written = Object.values({ ...record, ...contact }).find(
      (value) => typeof value === "string" && consentAddress(channel, value) === address,
    );
    return [
      {
        ...{ id: entityId, key: address, address: typeof written === "string" ? written.trim() : address },
        ...{ navn: text(contact?.navn), firmanavn: text(record?.firmanavn) },
      },
    ];
  });
  const removes = members.flatMap(({ owed, entityId, address, reason }) =>
    owed === "remove" ? [{ id: entityId, key: address, reason }] : [],
  );
  return { id: `${batch.id}.${batch.revision}`, campaign: { id, name, purpose, channel }, adds, removes };
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** Sends a batch and judges the answer. False: the tool cannot be sent more for now. */
async function carryOut(deps: Deps, batch: Batch, content: AudienceBatch): Promise<boolean> {
  const { connection, ticket } = batch;
  const { sql } = deps.db;
  try {
    const client = deps.audienceOf(connection);
    const answer = await deps.limits.call(connection, async () => {
      if (ticket === null) return await client.send(content);
      return (await client.check?.(ticket, content)) ?? ({ kind: "ticket", ticket } as const);
    });
    if (answer.kind === "ticket") {
      await restBatch(sql, batch, { afterMs: ASK_MS, ticket: answer.ticket });
      return true;
    }
    await settle(deps, batch, content, answer.receipts);
    return true;
  } catch (thrown) {
    return await failed(deps, batch, content, asError(thrown));
  }
}

async function settle(
  deps: Deps,
  batch: Batch,
  content: AudienceBatch,
  receipts: readonly AudienceReceipt[],
): Promise<void> {
  const { sql } = deps.db;
  const at = new Date(await readNow(sql)).toISOString();
  const { connection } = batch;
  const addresses = [...content.adds, ...content.removes].map(({ key }) => key);
  const removes = new Set(content.removes.map(({ key }) => key));
  const due = await sql.begin(async (tx) => {
    if (!(await settleBatch(tx, batch, receipts))) return [];
    // Somebody may have said no there while it was on its way.
    await markOptedOut(tx, connection, addresses);
    const kept = receipts.filter(({ key, outcome }) => outcome === "refused" && removes.has(key)).length;
    if (kept > 0)
      await alert(tx, at, {
        connection,
        reason: "audience:not_removed",
        detail: { campaignId: batch.campaignId, kept },
      });
    return await owe(tx, { addresses });
  });
  const { channel } = content.campaign;
  const optedOut = receipts.filter(({ outcome }) => outcome === "opted_out");
  await noteOptOuts(
    deps,
    connection,
    optedOut.map(({ key, kind = "withdrawn", at: said }) => ({
      ...{ address: key, channel, kind, at: said ?? at },
      isStanding: true,
    })),
  );
  for (const each of due) if (each !== connection) await deps.queue.due("audience", each);
  const refused = receipts.filter(({ outcome }) => outcome === "refused").length;
  deps.log.info("audience.sent", {
    ...{ batchId: batch.id, connection, adds: content.adds.length, removes: content.removes.length, refused },
  });
}

async function failed(deps: Deps, batch: Batch, content: AudienceBatch, error: Error): Promise<boolean> {
  const { sql } = deps.db;
  const { connection, ticket } = batch;
  const { outcome, code, afterMs } = classify(error, deps.connection(connection).quietMs, batch.tries);
  deps.log.warn("audience.not_sent", { batchId: batch.id, connection, tries: batch.tries, error });
  // The tool no longer knows what became of it: it is sent again, which is the same as once.
  if (ticket !== null && error instanceof RejectedError && error.code === "gone") {
    await restBatch(sql, batch, { afterMs: 0, ticket: null });
    return true;
  }
  if (outcome === "rejected") {
    const [only, ...others] = [...content.adds, ...content.removes];
    if (only !== undefined && others.length === 0)
      await settle(deps, batch, content, [{ key: only.key, outcome: "refused", code }]);
    else await sql.begin((tx) => halveBatch(tx, batch, deps.newId()));
    return true;
  }
  await restBatch(sql, batch, { afterMs, ticket });
  if (outcome !== "connection") await noteFault(sql, connection, code);
  else await stopConnection(sql, connection, code, new Date(await readNow(sql)).toISOString());
  return false;
}
