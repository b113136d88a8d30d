import type { Lists } from "./lists.ts";
import type { Reconciled } from "./reconcile.ts";

/** Per second; ratio is ours/bare, null where nothing bare exists. */
export interface Rate {
  readonly ours: number;
  readonly bare: number | null;
  readonly ratio: number | null;
  readonly unit: string;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Report {
  readonly inboundNew: Rate | null;
  readonly inboundChanged: Rate | null;
  readonly inboundUnchanged: Rate | null;
  readonly inboundConflict: Rate | null;
  readonly outbound: Rate | null;
  readonly files: Rate | null;
  /** Beside the calls that reached the ledger, which many conversions share. */
  readonly conversions: Rate | null;
  /** Beside the calls that as many conversions make one by one. */
  readonly conversionsOneByOne: Rate | null;
  readonly lists?: Lists;
  readonly latency: { readonly postgres?: Latency; readonly redis?: Latency };
  readonly reconcile?: Reconciled;
  readonly memory?: { readonly at100kMiB: number; readonly at1mMiB: number };
}

export const rate = (ours: number, bare: number | null, unit = "changes/s"): Rate => ({
  ours: Math.round(ours),
  bare: bare === null ? null : Math.round(bare),
  ratio: bare === null ? null : Number((ours / bare).toFixed(3)),
  unit,
});

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [high = Number.NaN, low = Number.NaN] = [sorted[middle], sorted[middle - 1]];
  return sorted.length % 2 === 1 ? high : (high + low) / 2;
}

/** The p-th part of sorted numbers, 0 to 1. */
export function quantile(numbers: readonly number[], p: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

/** One line of figures of a round. */
export const note = (title: string, figures: object): string =>
  `${title}: ${Object.entries(figures)
    .map(([name, value]) =>
      typeof value === "number"
        ? `${name} ${Math.round(value)}/s`
        : `${name} ${Math.round(value.rowsPerSecond)}/s of ${Math.round(value.bytesPerRow)} bytes`,
    )
    .join(", ")}`;

/** The figures beside their bars, as a table for people. */
export function explainBars(report: Report): string {
  const lines = [["what", "ours", "bare", "ratio", "bar"]];
  const add = (what: string, each: Rate | null, bar: string): void => {
    if (each !== null)
      lines.push([what, `${each.ours} ${each.unit}`, String(each.bare ?? "–"), String(each.ratio ?? "–"), bar]);
  };
  add("new", report.inboundNew, "0.25 of bare");
  add("changed", report.inboundChanged, "0.25 of bare");
  add("unchanged", report.inboundUnchanged, "3 times changed");
  add("conflicting", report.inboundConflict, "0.5 of changed");
  add("outbound", report.outbound, "0.15 of bare");
  add("files", report.files, "0.25 of bare parse and upsert");
  add("conversions, shared calls", report.conversions, "0.5 of the ledger's calls");
  add("conversions, one by one", report.conversionsOneByOne, "0.5 of the ledger's calls");
  for (const [backend, each] of Object.entries(report.latency))
    lines.push([`latency, ${backend}`, `p50 ${each.p50Ms} ms`, `p99 ${each.p99Ms} ms`, "", "aim: p50 under 20 ms"]);
  for (const { list, oursMs, bareMs } of report.lists?.times ?? [])
    lines.push([list, `p50 ${oursMs} ms`, `${bareMs} ms`, `+${(oursMs - bareMs).toFixed(2)} ms`, "3 ms above bare"]);
  if (report.reconcile !== undefined) {
    const { rows, ours, bare, apiMiB, workerMiB } = report.reconcile;
    add(`reconcile of ${rows} unchanged`, rate(ours, bare, "objects/s"), "");
    lines.push(["memory of it", `api ${apiMiB} MiB`, `worker ${workerMiB} MiB`, "", "streams"]);
  }
  if (report.memory !== undefined) {
    const { at100kMiB, at1mMiB } = report.memory;
    lines.push(["memory", `${at100kMiB} MiB at 100,000`, `${at1mMiB} MiB at 1,000,000`, "", "at most 64 MiB more"]);
  }
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines.map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")).join("\n");
}
