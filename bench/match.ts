import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { migrate, openDatabase } from "../src/store/database.ts";
import { startEmbedded } from "../src/store/embedded.ts";
import { count, reportOf } from "./match/count.ts";
import { readPairs } from "./match/data-file.ts";
import { FAULT_NAMES } from "./match/faults.ts";
import { matchAll, writeKnown } from "./match/measure.ts";
import { population } from "./match/population.ts";

/**
 * `npm run bench:match`: how well the product's own matching, with its own look-ups on a real PostgreSQL, tells copies of
 * known companies from companies that only look like one.
 */
const { values: given } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    rows: { type: "string", default: "100000" },
    json: { type: "boolean", default: false },
    data: { type: "string" },
  },
});
const whole = (name: "seed" | "rows"): number => {
  const number = Number(given[name]);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} is a whole number from 1 on`);
  return number;
};
const say = (text: string): void =>
  void process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

const { known, arrivals } =
  given.data === undefined ? population(whole("seed"), whole("rows")) : await readPairs(given.data);
const home = await mkdtemp(join(tmpdir(), "kobling-match-"));
await chmod(home, 0o755); // PostgreSQL may run as another user
const server = await startEmbedded(home);
try {
  await migrate(server.url);
  const db = openDatabase(server.url, { max: 2 });
  try {
    say(`${known.length} companies are written`);
    const ids = await writeKnown(db.sql, known);
    say(`${arrivals.length} are matched`);
    const { matches, ratePerSecond, bareRatePerSecond } = await matchAll(db.sql, arrivals);
    const report = reportOf({ arrivals, ids }, matches, ratePerSecond);
    const lines: string[] = [];
    const line = (what: string, wanted: (at: number) => boolean): void => {
      const at = arrivals.flatMap((_, n) => (wanted(n) ? [n] : []));
      const each = count(
        at.flatMap((n) => arrivals[n] ?? []),
        at.flatMap((n) => matches[n] ?? []),
        ids,
      );
      const found =
        each.recallWithReview === 0
          ? ""
          : `, found ${percent(each.recall)}, with review ${percent(each.recallWithReview)}`;
      lines.push(
        `  ${what.padEnd(24)}${each.of}: linked ${each.linked}, wrongly ${each.wrong}, cases ${each.cases}${found}`,
      );
    };
    for (const isCopy of [true, false]) {
      lines.push(isCopy ? "copies, by sort" : "others that look alike, with match cases of their own");
      const sorts = [
        ...new Set(arrivals.filter(({ means }) => (means !== null) === isCopy).map(({ sort }) => sort)),
      ].sort();
      for (const sort of sorts) line(sort, (n) => arrivals[n]?.sort === sort);
    }
    if (given.data === undefined) {
      lines.push("copies, by what they suffer from");
      for (const fault of FAULT_NAMES) line(fault, (n) => arrivals[n]?.faults.includes(fault) === true);
    }
    const { auto, withReview, recordsPerCase } = report;
    lines.push(
      `links: precision ${auto.precision.toFixed(5)} (bar 0.999; n ${auto.n}, with 95 % certainty at least ${auto.lower95.toFixed(5)}), recall ${percent(auto.recall)}`,
      `links and review: recall ${percent(withReview.recall)} (bar 97 %), ${recordsPerCase.toFixed(1)} copies a match case (bar 25; cases of the others are not among them)`,
      `rate: ${ratePerSecond}/s; the bare look-ups by keys ${bareRatePerSecond}/s`,
    );
    process.stdout.write(given.json ? `${JSON.stringify(report)}\n` : `${lines.join("\n")}\n`);
  } finally {
    await db.close();
  }
} finally {
  await server.stop();
  await rm(home, { recursive: true, force: true });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
