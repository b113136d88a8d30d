import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { STATES } from "./kills.ts";
import { type FaultResult, faultRun, killsInWords } from "./run.ts";
import type { Backend } from "./stage.ts";

const { values: given } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    records: { type: "string", default: "20000" },
    kills: { type: "string", default: "3" },
    gone: { type: "string", default: "60" },
    backend: { type: "string", default: "postgres,redis" },
    hurry: { type: "boolean", default: false },
    logs: { type: "string" },
  },
});

const began = performance.now();
const say = (text: string): void => {
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)}  ${text}\n`);
};
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const wanted = given.backend.split(",").filter((each): each is Backend => each === "postgres" || each === "redis");
const backends = wanted.filter((each) => each === "postgres" || hasRedis);
if (backends.length < wanted.length) say("No redis-server on this machine: the queue in PostgreSQL alone is tried.");

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

const results: FaultResult[] = [];
for (const backend of backends) {
  if (stop.signal.aborted) break;
  const result = await faultRun({
    ...{ backend, say, seed: numberOf("seed"), records: numberOf("records"), kills: numberOf("kills") },
    ...{ goneMs: numberOf("gone") * 1000, hurry: given.hurry, logs: given.logs, stop: stop.signal },
  });
  for (const fault of result.faults) say(`FAULT, ${backend}: ${fault}`);
  say(`${backend}: ${result.seconds} s, kills: ${killsInWords(result.kills)}`);
  results.push(result);
}

const sum = (of: (result: FaultResult) => number): number => results.reduce((total, each) => total + of(each), 0);
const failed = results.some(({ lost, doubled, drift, faults }) => lost + doubled + drift + faults.length > 0);
const kills = Object.fromEntries(
  STATES.map((state) => [state, sum((each) => each.kills[state])]),
) as FaultResult["kills"]; // one number a state
const tried = `faults: ${results.map(({ backend, seconds }) => `${backend} ${seconds} s`).join(", ")}`;
process.stdout.write(
  `${tried}; kills: ${killsInWords(kills)}; lost ${sum((each) => each.lost)}, doubled ${sum((each) => each.doubled)}, ` +
    `drift ${sum((each) => each.drift)}, faults ${sum((each) => each.faults.length)}\n`,
);
process.exitCode = failed || results.length === 0 ? 1 : 0;

function numberOf(name: "seed" | "records" | "kills" | "gone"): number {
  const value = Number(given[name]);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} wants a number`);
  return value;
}
