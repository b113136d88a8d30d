import type { Violation } from "./oracle/evidence.ts";
import type { Script, Step } from "./steps.ts";

export type Play = (script: Script) => Promise<readonly Violation[]>;

/**
 * Drops steps while the same promise stays broken: halves first, then single ones, then what a step does besides. Steps
 * keep their numbers, so that the values they type stay the same. Ends when nothing more can go, or time is up.
 */
export async function shrink(
  script: Script,
  promise: string,
  play: Play,
  endMs: number,
  now: () => number,
): Promise<Script> {
  const breaks = async (steps: readonly Step[]): Promise<boolean> =>
    now() < endMs && (await play({ ...script, steps })).some((each) => each.promise === promise);
  let { steps } = script;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < steps.length; ) {
      const fewer = [...steps.slice(0, at), ...steps.slice(at + size)];
      if (fewer.length < steps.length && (await breaks(fewer))) steps = fewer;
      else at += size;
      if (now() >= endMs) return { ...script, steps };
    }
    if (size === 1) break;
  }
  for (let at = 0; at < steps.length; at += 1) {
    const step = steps[at];
    for (const simpler of step === undefined ? [] : simplerSteps(step)) {
      const changed = steps.map((each, n) => (n === at ? simpler : each));
      if (await breaks(changed)) {
        steps = changed;
        break;
      }
    }
  }
  return { ...script, steps };
}

/** The step without its faults, its death, or what happens meanwhile. */
function simplerSteps(step: Step): Step[] {
  const without = (...names: string[]): Step =>
    Object.fromEntries(Object.entries(step).filter(([name]) => !names.includes(name))) as Step; // what is left out is optional
  const extras = ["faults", "kill", "meanwhile", "lateMs", "twice"].filter((name) => name in step);
  return extras.length === 0 ? [] : [without(...extras), ...extras.map((name) => without(name))];
}
