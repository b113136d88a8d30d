import { parseArgs } from "node:util";
import { playDemo } from "./demo.ts";

const { values: given } = parseArgs({
  options: {
    once: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
  },
});
const seed = Number(given.seed);
if (!Number.isSafeInteger(seed)) throw new Error("--seed wants a whole number");

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
// Whoever read the story has gone (`| head`): the children must not stay behind.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => stop.abort());

const { summary, failed } = await playDemo({ seed, once: given.once, json: given.json, stop: stop.signal });
if (given.json && summary !== undefined) process.stdout.write(`${JSON.stringify(summary)}\n`);
process.exitCode = failed ? 1 : 0;
