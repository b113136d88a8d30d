import { deliver } from "../src/pipelines/deliver.ts";
import type { Deps } from "../src/pipelines/deps.ts";
import { createEntity, editEntity } from "../src/pipelines/edit.ts";
import { linkEntity, unlink } from "../src/pipelines/linking.ts";
import { ingestAndReadAgain } from "../src/pipelines/listing.ts";
import { receive } from "../src/pipelines/receive.ts";
import { restrict, unrestrict } from "../src/pipelines/restriction.ts";
import { poll } from "../src/pipelines/runs.ts";
import { applyAtErp, pullForErp, pushFromErp, receiptsFromErp, snapshotFromErp } from "./acts-erp.ts";
import { decide } from "./acts-review.ts";
import type { History } from "./history.ts";
import { untilQuiet } from "./quiet.ts";
import { CVR, columnOf, columns, cvrNumber, FLAG, KEYS, type Key, objectOf, uniqueValue } from "./remotes/columns.ts";
import type { Cell } from "./remotes/log.ts";
import type { Row } from "./remotes/table.ts";
import { person, type RemoteName, type Step } from "./steps.ts";
import { carryOutStory } from "./stories/directory.ts";

/** Company numbers of those that come later lie above those that stand at the start. */
const FIRST_NEW = 20;

/** Carries a step out; what became of it, in a few words, where that is not plain. */
export async function carryOut(history: History, deps: Deps, step: Step): Promise<string | undefined> {
  switch (step.do) {
    case "type":
      return type(history, step);
    case "edit":
      return edit(history, deps, step);
    case "make":
      return make(history, deps, step);
    case "poll":
      await poll(deps, step.on, objectOf[step.on], step.reconcile === true ? "reconcile" : "delta");
      return undefined;
    case "deliver": {
      const { leased, sent } = await deliver(deps, step.on);
      return leased === 0 ? "nothing due" : `${leased} leased, ${sent} sent`;
    }
    case "ingest":
      await ingestAndReadAgain(deps, step.on);
      return undefined;
    case "hint": {
      const row = rowAt(history, step.on, step.row);
      if (row === undefined) return "no row";
      const notice = { externalId: row.id };
      await receive(
        deps,
        { connection: step.on, object: objectOf[step.on], via: "hook" },
        step.twice ? [notice, notice] : [notice],
      );
      return undefined;
    }
    case "push":
      return pushFromErp(history, deps, step);
    case "pull":
      return pullForErp(history, deps, step.limit);
    case "apply":
      return applyAtErp(history, step);
    case "receipt":
      return receiptsFromErp(history, deps, step);
    case "snapshot":
      return snapshotFromErp(history, deps, step.meanwhile ?? []);
    case "renumber":
    case "remove":
    case "merge":
      return upheaval(history, step);
    case "unlink":
    case "relink":
      return retie(history, deps, step);
    case "switch":
      await history.switch(step.on, step.wish);
      return undefined;
    case "policy":
    case "flag":
    case "restrict":
      return steer(history, deps, step);
    case "decide":
      return decide(history, deps, step);
    case "wait":
      history.clock.tick(step.ms);
      history.catchUp();
      return undefined;
    case "skew":
      history.clock.skewMs = step.processMs;
      for (const { table } of Object.values(history.remotes.called)) table.skewMs = step.remoteMs;
      return undefined;
    case "crash":
      await history.restart();
      return undefined;
    case "quiet":
      await untilQuiet(history);
      return undefined;
    default:
      return carryOutStory(history, deps, step);
  }
}

export function rowAt(history: History, at: RemoteName, number: number): Row | undefined {
  const { live } = history.remotes.table(at);
  return live[number % Math.max(1, live.length)];
}

export async function recordIds(history: History): Promise<string[]> {
  const rows = await history.ground.sql.unsafe("select id from kundeemner where merged_into is null order by id", [], {
    prepare: true,
  });
  return rows.map((row) => String(row.id));
}

async function recordAt(history: History, number: number): Promise<string | undefined> {
  const ids = await recordIds(history);
  return ids[number % Math.max(1, ids.length)];
}

function type(history: History, step: Step & { do: "type" }): string {
  const row = rowAt(history, step.at, step.row);
  const column = columnOf(step.at, step.unit);
  if (row === undefined || column === undefined) return "no row";
  const value = step.clear === true ? null : uniqueValue(step.unit as Key, step.n);
  history.remotes.table(step.at).type(row, column, value, step.lateMs);
  return `${row.id} ${column} = ${value}`;
}

async function edit(history: History, deps: Deps, step: Step & { do: "edit" }): Promise<string> {
  const record = await recordAt(history, step.record);
  if (record === undefined) return "no record";
  const value = step.clear === true ? null : uniqueValue(step.unit as Key, step.n);
  const place = history.order.next();
  await editEntity(deps, { entity: "kundeemne", id: record, patch: { [step.unit]: value }, by: person });
  history.edits.push({
    n: step.n,
    step: history.order.step,
    place,
    at: history.clock.ms,
    record,
    key: step.unit,
    value,
  });
  return `${record} ${step.unit} = ${value}`;
}

async function make(history: History, deps: Deps, step: Step & { do: "make" }): Promise<string> {
  const cvr = cvrNumber(FIRST_NEW + step.n);
  if (step.record === true) {
    const values = {
      firmanavn: uniqueValue("firmanavn", step.n),
      attention: uniqueValue("attention", step.n),
      cvrNr: cvr,
    };
    const { id } = await createEntity(deps, { entity: "kundeemne", values, by: person });
    for (const key of ["firmanavn", "attention"] as const)
      history.edits.push({
        n: step.n,
        step: history.order.step,
        place: history.order.next(),
        at: history.clock.ms,
        record: id,
        key,
        value: values[key],
      });
    return id;
  }
  const at = step.at ?? "crm";
  const cells: Record<string, Cell> = { [CVR]: cvr };
  for (const key of KEYS) {
    const known = columns[at][key];
    if (known !== undefined && known.direction === undefined && key !== "soegenavn")
      cells[known.column] = uniqueValue(key, step.n);
  }
  if (at === "crm") cells[FLAG] = true;
  return history.remotes.table(at).insert(cells, "person", step.lateMs).id;
}

function upheaval(history: History, step: Step & { do: "renumber" | "remove" | "merge" }): string {
  const table = history.remotes.table(step.at);
  const row = rowAt(history, step.at, step.row);
  if (row === undefined || table.live.length < 2) return "too few rows";
  if (step.do === "remove") table.remove(row);
  else if (step.do === "renumber") {
    const link = history.standings
      .at(-1)
      ?.links.find((each) => each.connection === step.at && each.externalId === row.id);
    if (link?.state === "unlinked") history.strangers.add(`${step.at} ${row.uid}`);
    table.renumber(row);
  } else {
    const loser = rowAt(history, step.at, step.row + (step.other ?? 1));
    if (loser === undefined || loser === row) return "the same row";
    // Nobody's object takes the place of somebody's: what it shows is news to the record (rule R9).
    const links = history.standings.at(-1)?.links.filter((link) => link.connection === step.at) ?? [];
    const [kept, gone] = [row, loser].map(({ id }) => links.find((link) => link.externalId === id));
    if (gone?.record != null && kept?.record == null) history.retied.add(gone.record);
    table.merge(row, loser);
    return `${loser.id} into ${row.id}`;
  }
  return row.id;
}

async function retie(history: History, deps: Deps, step: Step & { do: "unlink" | "relink" }): Promise<string> {
  const { sql } = history.ground;
  if (step.do === "unlink") {
    const links = await sql.unsafe(
      "select id, entity_id, connection, external_id from links where state = 'linked' order by id",
    );
    const link = links[step.link % Math.max(1, links.length)];
    if (link === undefined) return "no link";
    history.retied.add(String(link.entity_id));
    const table = history.remotes.table(link.connection as RemoteName);
    const now = table.byId(table.replaced.get(String(link.external_id)) ?? "");
    if (now !== undefined) history.strangers.add(`${link.connection} ${now.uid}`);
    // Whose object was merged into this one there, and nobody has seen it yet, follows to what is nobody's now (rule R9).
    const merged = table.rows.filter((row) => row.replacedBy === String(link.external_id)).map((row) => row.id);
    const followers = await sql.unsafe(
      "select entity_id from links where connection = $1 and external_id = any($2) and entity_id is not null",
      [String(link.connection), merged],
    );
    for (const { entity_id } of followers) history.retied.add(String(entity_id));
    await unlink(deps, { linkId: String(link.id), by: person });
    return String(link.id);
  }
  const free = await sql.unsafe(
    `select l.external_id, l.connection, l.object, b.entity_id from links l join link_blocks b on b.connection = l.connection and b.object = l.object
     where l.state = 'unlinked' and b.kind = 'unlinked' and b.external_id = '' order by l.id, b.entity_id`,
  );
  const found = free[step.link % Math.max(1, free.length)];
  if (found === undefined) return "nothing is unlinked";
  const entityId = String(found.entity_id);
  history.retied.add(entityId);
  await linkEntity(deps, {
    entity: "kundeemne",
    entityId,
    connection: String(found.connection),
    object: String(found.object),
    externalId: String(found.external_id),
    by: person,
  });
  return `${found.connection} ${found.external_id} to ${entityId}`;
}

async function steer(
  history: History,
  deps: Deps,
  step: Step & { do: "policy" | "flag" | "restrict" },
): Promise<string> {
  const { sql } = history.ground;
  const record = await recordAt(history, step.record);
  if (record === undefined) return "no record";
  if (step.do === "flag")
    await editEntity(deps, {
      entity: "kundeemne",
      id: record,
      patch: { maaOpdateresAutomatisk: step.may },
      by: person,
    });
  else if (step.do === "restrict")
    await (step.is ? restrict : unrestrict)(deps, { id: record, reason: "scripted", by: person });
  else {
    const { unit, policy, direction } = step;
    const named = policy === "pin" ? { policy: "frozen", pin: true } : { policy };
    const own = { unit, ...named, ...(direction === undefined ? {} : { direction }), reason: "scripted", by: "ada" };
    const policies = policy === "auto" ? null : JSON.stringify([own]);
    await sql.unsafe("update kundeemner set policies = $2::text::json where id = $1", [record, policies]);
  }
  return record;
}
