import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { isSeed } from "./random.ts";
import { readStories, STORIES, type StoryName } from "./stories/steps.ts";

export interface Options {
  readonly runs: number;
  readonly seed: string;
  /** Ends by then though runs are left. */
  readonly seconds: number | undefined;
  readonly steps: number;
  readonly stories: readonly StoryName[];
  /** Fails when something was never reached. */
  readonly coverage: boolean;
  readonly workers: number;
  /** Failing histories are shrunk and kept; without it they are only told. */
  readonly keep: boolean;
}

export const usage = `npm run simulate -- [--runs N] [--seed DIGITS] [--seconds T] [--steps 200] [--coverage]
                   [--workers W] [--no-keep] [--story base,${STORIES.join(",")}|all]
Plays random histories against the pipelines and holds the promises against them. A history has a seed of its own,
SEED, SEED+1, …; one that fails is shrunk, told and kept in simulate/regressions.`;

/** A text: why the arguments cannot be read. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        runs: { type: "string", default: "20" },
        seed: { type: "string", default: "1" },
        seconds: { type: "string" },
        steps: { type: "string", default: "200" },
        story: { type: "string", default: "base" },
        coverage: { type: "boolean", default: false },
        workers: { type: "string", default: String(Math.min(2, cpus().length)) },
        "no-keep": { type: "boolean", default: false },
      },
    });
    const { seed } = values;
    const stories = readStories(values.story);
    if (typeof stories === "string") return `${stories}\n${usage}`;
    const numbers = [values.runs, values.seconds ?? "1", values.steps, values.workers];
    if (!isSeed(seed) || !numbers.every((text) => /^[1-9]\d*$/.test(text))) return usage;
    return {
      runs: Number(values.runs),
      seed,
      seconds: values.seconds === undefined ? undefined : Number(values.seconds),
      steps: Number(values.steps),
      stories,
      coverage: values.coverage,
      workers: Number(values.workers),
      keep: !values["no-keep"],
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : "These arguments cannot be read"}\n${usage}`;
  }
}

/** The n-th seed after the first: a number as long as one likes. */
export const seedAt = (first: string, n: number): string => String(BigInt(first) + BigInt(n));
