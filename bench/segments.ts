import { createHmac } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startGateway } from "../rig/gateway.ts";
import { startProgram } from "../rig/program.ts";
import { migrate, openDatabase } from "../src/store/database.ts";
import { startEmbedded } from "../src/store/embedded.ts";
import { evaluate } from "./segments/evaluation.ts";
import { followed } from "./segments/following.ts";
import { handedOver } from "./segments/hand-over.ts";
import { populate } from "./segments/population.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/**
 * `npm run bench:segments`: how fast segments are worked out, how soon a change is followed, and how fast members are handed
 * over, each beside what is bare of it.
 */
const { values: given } = parseArgs({
  options: {
    records: { type: "string", default: "1000000" },
    segments: { type: "string", default: "50" },
    adds: { type: "string", default: "100000" },
    json: { type: "boolean", default: false },
  },
});
const whole = (name: "records" | "segments" | "adds"): number => {
  const number = Number(given[name]);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} is a whole number from 1 on`);
  return number;
};
const [records, segments, adds] = [whole("records"), whole("segments"), whole("adds")];
const say = (text: string): void =>
  void process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}\n`);
const EDITS = records >= 10_000 ? 500 : 30;
const SECRET = "whsec_c2VjcmV0IG9mIHRoZSBiZW5jaCBvbmx5IGFuZCBubyBvdGhlcg==";
/** Nobody was erased: what hashes are keyed with makes no difference. */
const seal = {
  seal: (text: string) => text,
  open: (text: string) => text,
  mac: (text: string) => createHmac("sha256", "bench").update(text).digest("base64url"),
};

const home = await mkdtemp(join(tmpdir(), "kobling-segments-"));
await chmod(home, 0o755); // PostgreSQL may run as another user
let server = await startEmbedded(home);
try {
  await migrate(server.url);
  const before = openDatabase(server.url, { max: 1 });
  // So that the server itself can say when a transaction was committed.
  await before.sql.unsafe("alter system set track_commit_timestamp = on");
  await before.close();
  await server.stop();
  server = await startEmbedded(home);
  const db = openDatabase(server.url, { max: 4 });
  await populate(db.sql, records);
  say(`${records} records are there`);
  const evaluated = await evaluate(db, seal, segments).finally(() => db.close());
  say(
    `${evaluated.members} members in ${evaluated.oursSeconds.toFixed(1)} s, bare ${evaluated.bareSeconds.toFixed(1)} s`,
  );
  const target = startProgram(["bench/segments/target.ts"]);
  const { origin } = JSON.parse(await target.firstLine) as { origin: string }; // its one line
  const tool = {
    connector: "webhook",
    settings: { url: origin, secret: SECRET },
    limits: { requests: 1_000_000, per: "1s" },
  };
  const gateway = await startGateway({ connections: { tool }, env: { DATABASE_URL: server.url } });
  try {
    const following = await followed(gateway, EDITS);
    say(`followed: p50 ${following.p50Ms} ms, p99 ${following.p99Ms} ms`);
    const handing = await handedOver(gateway, origin, adds);
    const ratio = (part: number, of: number): number => Number((part / of).toFixed(3));
    const evaluationRatio = ratio(evaluated.bareSeconds, evaluated.oursSeconds);
    const handOverRatio = ratio(handing.ours, handing.bare);
    const lines = [
      `evaluation of ${segments} segments: ${evaluated.members} members in ${evaluated.oursSeconds.toFixed(2)} s, bare ${evaluated.bareSeconds.toFixed(2)} s: ${evaluationRatio} of its speed (bar 0.7)`,
      `from a record's commit to its members': p50 ${following.p50Ms} ms, p99 ${following.p99Ms} ms (bar 5 ms)`,
      `hand-over of ${handing.adds} adds: ${Math.round(handing.ours)}/s, bare ${Math.round(handing.bare)}/s: ${handOverRatio} (bar 0.5)`,
    ];
    const report = {
      ...{ records, segments },
      evaluation: { ...evaluated, ratio: evaluationRatio },
      following,
      handOver: { ...handing, ratio: handOverRatio },
    };
    process.stdout.write(given.json ? `${JSON.stringify(report)}\n` : `${lines.join("\n")}\n`);
  } finally {
    await gateway.close();
    await target.stop();
  }
} finally {
  await server.stop();
  await rm(home, { recursive: true, force: true });
}
