import { isValidCvr } from "../../danish/cvr.ts";
import { RejectedError } from "../../lib/errors.ts";
import { gateState } from "../../rules/gate.ts";
import { loadBlocks } from "../../store/link-blocks.ts";
import { findUnsettled, type Unsettled } from "../../store/merge-moves.ts";
import type { Batch, EntitySlot } from "../batch.ts";
import { laneKey } from "../world.ts";
import { type Both, linksOf } from "./both.ts";

interface Place {
  readonly connection: string;
  readonly object: string;
}

/** Why two records cannot be merged, or a merge not be taken back, as things stand. */
export type Obstacle =
  /** A write or conversion whose end nobody knows yet. */
  | ({ readonly code: "uncertain" } & Unsettled)
  /** A write that has left and may still arrive. */
  | ({ readonly code: "in_flight"; readonly link: string } & Place)
  /** A guard has stopped an object that one of them is linked to: its review is to be decided first (rule R30). */
  | ({ readonly code: "stopped_run"; readonly review: number | null } & Place)
  /** Two companies by their CVR numbers (domain notes, e.8). */
  | { readonly code: "other_company" }
  /** Deleted on side crm: what becomes of it is decided first (rule R1). */
  | { readonly code: "orphaned"; readonly id: string }
  /** A person has said that the one's object is not the other's (rule R25). */
  | ({ readonly code: "refused_pair"; readonly externalId: string; readonly id: string } & Place)
  /** Both have an object there, and nobody has said which one is written to. */
  | ({
      readonly code: "main_needed";
      readonly links: readonly { readonly id: string; readonly externalId: string }[];
    } & Place);

export type Refusal = "merge_uncertain" | "merge_refused" | "main_link_needed";

const REFUSAL_OF: Readonly<Record<Obstacle["code"], Refusal>> = {
  uncertain: "merge_uncertain",
  in_flight: "merge_uncertain",
  stopped_run: "merge_uncertain",
  other_company: "merge_refused",
  orphaned: "merge_refused",
  refused_pair: "merge_refused",
  main_needed: "main_link_needed",
};

/** What the obstacles come to: the gravest of them; null: there are none. */
export function refusalOf(obstacles: readonly Obstacle[]): Refusal | null {
  const refusals = new Set(obstacles.map(({ code }) => REFUSAL_OF[code]));
  return (["merge_refused", "merge_uncertain", "main_link_needed"] as const).find((each) => refusals.has(each)) ?? null;
}

/** Everything that is not settled between these records and their remotes (rule R28). */
export async function findUncertain(batch: Batch, ids: readonly string[]): Promise<Obstacle[]> {
  const all = ids.flatMap((id) => [id, ...(batch.contacts.get(id) ?? []).map(({ entity }) => entity.id)]);
  const unsettled = await findUnsettled(batch.tx, all);
  const links = all.flatMap((id) => linksOf(batch, id).map(({ link }) => link));
  const flying = links.filter(
    (link) =>
      link.inFlight && !unsettled.some((each) => each.connection === link.connection && each.object === link.object),
  );
  const stopped = new Map(
    links.flatMap(({ connection, object }) => {
      const lane = batch.lanes.get(laneKey(connection, object));
      return lane?.row.stopped === true ? [[laneKey(connection, object), lane.row]] : [];
    }),
  );
  return [
    ...unsettled.map((each) => ({ code: "uncertain", ...each }) as const),
    ...flying.map(({ id, connection, object }) => ({ code: "in_flight", link: id, connection, object }) as const),
    ...[...stopped.values()].map(
      ({ connection, object, stoppedBy }) => ({ code: "stopped_run", connection, object, review: stoppedBy }) as const,
    ),
  ];
}

/** What forbids that these two are one, whatever is under way. */
export async function findForbidding(batch: Batch, { survivor, other }: Both): Promise<Obstacle[]> {
  const obstacles: Obstacle[] = [];
  const [ours, theirs] = [survivor, other].map(({ entity }) => entity.values.cvrNr);
  if (
    typeof ours === "string" &&
    typeof theirs === "string" &&
    ours !== theirs &&
    isValidCvr(ours) &&
    isValidCvr(theirs)
  )
    obstacles.push({ code: "other_company" });
  for (const { entity } of [survivor, other])
    if (entity.state.orphaned) obstacles.push({ code: "orphaned", id: entity.id });
  const { blocks } = await loadBlocks(batch.tx, [survivor.entity.id, other.entity.id]);
  for (const { connection, object, externalId, entityId, kind } of blocks) {
    if (kind !== "refused" || externalId === "") continue;
    const id = entityId === survivor.entity.id ? other.entity.id : survivor.entity.id;
    const isTheirs = linksOf(batch, id).some(
      ({ link }) => link.connection === connection && link.object === object && link.externalId === externalId,
    );
    if (isTheirs) obstacles.push({ code: "refused_pair", connection, object, externalId, id });
  }
  return obstacles;
}

/** A record that is no more, or that nothing may be written to. Throws RejectedError `gone` or `record_closed`. */
export function assertOpen({ entity }: EntitySlot): void {
  const { id, state } = entity;
  if (state.mergedInto !== null)
    throw new RejectedError("gone", "The record was merged into another", {
      context: { mergedInto: state.mergedInto },
    });
  if (state.erased) throw new RejectedError("gone", "The record was erased", { context: { id } });
  const gate = gateState(entity, "in");
  if (!gate.allowed)
    throw new RejectedError("record_closed", `The record ${id} is ${gate.reason}`, {
      context: { id, reason: gate.reason },
    });
}

/** An obstacle in a few words that both languages share: its code and what it is about. */
export function obstacleInWords(obstacle: Obstacle): string {
  switch (obstacle.code) {
    case "uncertain":
      return `${obstacle.what} ${obstacle.id} (${obstacle.connection}/${obstacle.object}, ${obstacle.state})`;
    case "in_flight":
    case "stopped_run":
      return `${obstacle.code} (${obstacle.connection}/${obstacle.object})`;
    case "refused_pair":
      return `${obstacle.code} (${obstacle.connection}/${obstacle.object} ${obstacle.externalId})`;
    case "main_needed":
      return `${obstacle.connection}/${obstacle.object} (${obstacle.links.map(({ externalId }) => externalId).join(", ")})`;
    case "orphaned":
      return `${obstacle.code} (${obstacle.id})`;
    case "other_company":
      return "CVR";
  }
}
