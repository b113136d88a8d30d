import { type Random, randomFrom } from "../random.ts";
import type { Script, Step } from "../steps.ts";
import { drawDirectory } from "./directory.ts";
import type { StoryName } from "./steps.ts";

/** Numbers of a story's steps lie above those of every other: nobody else types their values. */
const FIRST = 10_000;
const draws: Readonly<Record<StoryName, (random: Random, n: number) => Step>> = { directory: drawDirectory };
const places: Readonly<Record<StoryName, number>> = { directory: 1 };

/** Weaves stories into a history: its own steps stay as they are, and in their order. */
export function weave(script: Script, stories: readonly StoryName[]): Script {
  if (stories.length === 0) return script;
  let { steps } = script;
  for (const story of stories) {
    const random = randomFrom(`${script.seed}/${script.steps.length}/${story}`);
    const count = Math.ceil(script.steps.length / 4);
    const woven = Array.from({ length: count }, (_, n) => ({
      at: random.below(script.steps.length + 1),
      step: draws[story](random, places[story] * FIRST + n),
    })).sort((a, b) => a.at - b.at);
    const before = steps;
    steps = [...before.flatMap((step, at) => [...stepsAt(woven, at), step]), ...stepsAt(woven, before.length)];
  }
  return { ...script, stories, steps };
}

const stepsAt = (woven: readonly { readonly at: number; readonly step: Step }[], at: number): Step[] =>
  woven.filter((each) => each.at === at).map(({ step }) => step);
