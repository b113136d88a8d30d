import { parseArgs } from "node:util";
import { type ConversionRound, conversionRound } from "./conversions.ts";
import { bareFiles, type FilesRound, filesRound } from "./files.ts";
import { type InboundRound, inboundBodies, inboundRound } from "./inbound.ts";
import { latencies } from "./latency.ts";
import { lists } from "./lists.ts";
import { memory } from "./memory.ts";
import { outboundRounds } from "./outbound.ts";
import { reconcile } from "./reconcile.ts";
import { explainBars, median, note, type Report, rate } from "./report.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const { values: given } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    memory: { type: "boolean", default: false },
    rows: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const rows = Number(given.rows);
const rounds = Number(given.rounds);
const wanted = (part: string): boolean => given.only === undefined || given.only.split(",").includes(part);
/** As many as give a steady rate: bringing two sides to clash takes longer than what is measured. */
const CLASHES = 5_000;
const say = (text: string): void =>
  void process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

const report: { -readonly [K in keyof Report]: Report[K] } = {
  ...{
    inboundNew: null,
    inboundChanged: null,
    inboundUnchanged: null,
    inboundConflict: null,
    outbound: null,
    files: null,
    conversions: null,
    conversionsOneByOne: null,
  },
  latency: {},
};

if (wanted("inbound")) {
  const took: InboundRound[] = [];
  const bodies = inboundBodies(1, rows, Math.min(rows, CLASHES));
  for (let round = 1; round <= rounds; round += 1) {
    const each = await inboundRound(bodies, round === 1, say);
    took.push(each);
    say(note(`inbound ${round}`, each));
  }
  const of = (pick: (each: (typeof took)[number]) => number): number => median(took.map(pick));
  report.inboundNew = rate(
    of((each) => each.fresh),
    of((each) => each.bareFresh.rowsPerSecond),
  );
  report.inboundChanged = rate(
    of((each) => each.changed),
    of((each) => each.bareChanged.rowsPerSecond),
  );
  report.inboundUnchanged = rate(
    of((each) => each.unchanged),
    null,
  );
  report.inboundConflict = rate(
    of((each) => each.conflict),
    null,
  );
}
if (wanted("outbound")) {
  const took = await outboundRounds(Math.max(200, Math.round(rows / 10)), rounds, (text) => say(text));
  report.outbound = rate(median(took.map((each) => each.ours)), median(took.map((each) => each.bare)));
}
if (wanted("latency")) report.latency = await latencies(rows >= 10_000 ? 200 : 30, say);
if (wanted("files")) {
  const took: FilesRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const each = await filesRound(Math.max(200, Math.round(rows / 10)), say);
    took.push(each);
    say(note(`files ${round}`, each));
  }
  report.files = rate(median(took.map((each) => each.taken)), median(took.map(bareFiles)), "rows/s");
}
if (wanted("conversions")) {
  const took: ConversionRound[] = [];
  for (let round = 1; round <= rounds; round += 1)
    took.push(await conversionRound(Math.max(100, Math.round(rows / 100)), say));
  const of = (pick: (each: ConversionRound) => number): number => median(took.map(pick));
  const [ours, unit] = [of((each) => each.ours), "conversions/s"];
  report.conversions = rate(
    ours,
    of((each) => each.bare),
    unit,
  );
  report.conversionsOneByOne = rate(
    ours,
    of((each) => each.bareEach),
    unit,
  );
}
if (wanted("lists")) report.lists = await lists(10 * rows, say);
// Not part of the whole: a million records take their time.
if (given.only?.split(",").includes("reconcile")) report.reconcile = await reconcile(rows, say);
if (given.memory) report.memory = await memory(say);

if (given.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else process.stdout.write(`${explainBars(report)}\n`);
