import { statfs } from "node:fs/promises";
import { countWaiting } from "../store/changes.ts";
import type { Deps } from "./deps.ts";

export interface Pressure {
  readonly retryAfterMs: number;
  readonly code: "too_many_waiting" | "disk_full";
}

/** Room that was found at the last count, and what this process has kept since. */
interface Room {
  readonly left: number;
  readonly countedAt: number;
  kept: number;
}

/** A count is asked anew after this long: other processes keep changes too. */
const COUNT_HOLDS_MS = 1_000;

const rooms = new WeakMap<Deps, Map<string, Room>>();

/**
 * Why nothing more is taken now, with the time to wait; null: go on. Asked before a push and between its batches. Waiting
 * changes are counted when half of the room found last is used up, and once a second.
 */
export async function backpressure(deps: Deps, connection: string): Promise<Pressure | null> {
  const { waitingChanges, freeDiskMiB } = deps.config.backpressure;
  if (!hasRoom(deps, connection)) {
    const countedAt = performance.now();
    const left = waitingChanges - (await countWaiting(deps.db.sql, connection, waitingChanges));
    roomsOf(deps).set(connection, { left, countedAt, kept: 0 });
    if (left <= 0) return { retryAfterMs: 5_000, code: "too_many_waiting" };
  }
  if (deps.dataFolder !== undefined) {
    const disk = await statfs(deps.dataFolder);
    if ((disk.bavail * disk.bsize) / 2 ** 20 < freeDiskMiB) return { retryAfterMs: 60_000, code: "disk_full" };
  }
  return null;
}

/** Takes what was kept off the room that was counted. */
export function noteKept(deps: Deps, connection: string, kept: number): void {
  const room = roomsOf(deps).get(connection);
  if (room !== undefined) room.kept += kept;
}

function hasRoom(deps: Deps, connection: string): boolean {
  const room = roomsOf(deps).get(connection);
  return room !== undefined && room.kept < room.left / 2 && performance.now() - room.countedAt < COUNT_HOLDS_MS;
}

function roomsOf(deps: Deps): Map<string, Room> {
  let mine = rooms.get(deps);
  if (mine === undefined) {
    mine = new Map();
    rooms.set(deps, mine);
  }
  return mine;
}
