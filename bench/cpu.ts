import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunningGateway } from "../rig/gateway.ts";

/** Linux counts time of the processor in hundredths of a second. */
const TICK_MS = 10;

/** Processor time spent so far, in ms, by who spent it; empty where there is no /proc. */
export type Cpu = Readonly<Record<string, number>>;

/** Of the gateway, its PostgreSQL with all its processes, and others by name and process id. */
export async function cpuOf(gateway: RunningGateway, others: Readonly<Record<string, number>> = {}): Promise<Cpu> {
  const postmaster = await readFile(join(gateway.home, "postgres", "postmaster.pid"), "utf8").catch(() => ""); // another server
  const server = Number(postmaster.split("\n")[0]) || undefined;
  const spent: Record<string, number> = {};
  const add = (who: string, ms: number): void => {
    spent[who] = (spent[who] ?? 0) + ms;
  };
  const named = new Map(Object.entries({ gateway: gateway.program.pid, ...others }).map(([name, pid]) => [pid, name]));
  for (const entry of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => undefined); // it has ended meanwhile
    if (stat === undefined) continue;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ms = TICK_MS * (Number(fields[11]) + Number(fields[12]));
    const pid = Number(entry);
    const name = named.get(pid);
    if (name !== undefined) add(name, ms);
    else if (server !== undefined && (pid === server || Number(fields[1]) === server)) add("postgres", ms);
  }
  return spent;
}

/** What was spent between two looks, a unit of work, in words. */
export const perUnit = (before: Cpu, after: Cpu, units: number): string =>
  Object.entries(after)
    .map(([who, ms]) => `${who} ${((ms - (before[who] ?? 0)) / units).toFixed(3)} ms`)
    .join(", ");
