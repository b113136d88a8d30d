import "./watch.ts";
import { type Counts, Coverage } from "./coverage.ts";
import type { Script } from "./steps.ts";
import type { StoryName } from "./stories/steps.ts";

/** What the parent asks: play this seed. */
export interface Ask {
  readonly seed: string;
  readonly steps: number;
  readonly stories: readonly StoryName[];
  readonly shrinkMs: number;
}

export interface Answer {
  readonly seed: string;
  readonly steps: number;
  readonly tookMs: number;
  readonly violations: readonly { readonly promise: string; readonly detail: string }[];
  /** The shrunken history that still breaks the first promise, and how it reads. */
  readonly failing?: {
    readonly script: Script;
    readonly promise: string;
    readonly told: readonly string[];
    readonly detail: string;
  };
  readonly counts: Counts;
}

// Imported only now: what comes before them decides which `decide` they get.
const { openGround } = await import("./database.ts");
const { drawScript } = await import("./draw.ts");
const { playScript } = await import("./play.ts");
const { shrink } = await import("./shrink.ts");
const { weave } = await import("./stories/draw.ts");
const { watchDecisions } = await import("./watched-decide.ts");

const realNow = performance.now.bind(performance);
// Who interrupts a run interrupts its whole group of processes: the parent ends us.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
const ground = await openGround(process.argv[2] ?? "", process.argv[3] ?? "");

async function answer({ seed, steps, stories, shrinkMs }: Ask): Promise<Answer> {
  const coverage = new Coverage();
  watchDecisions((row) => coverage.rule(row));
  const script = weave(drawScript(seed, steps), stories);
  const began = realNow();
  const { violations } = await playScript(script, ground, coverage);
  const tookMs = realNow() - began;
  const [first] = violations;
  const base = { seed, steps: script.steps.length, tookMs, violations, counts: coverage.counts() };
  if (first === undefined || shrinkMs === 0) return base;
  const unseen = new Coverage();
  watchDecisions(() => undefined);
  const play = async (tried: Script) => (await playScript(tried, ground, unseen)).violations;
  const small = await shrink(script, first.promise, play, realNow() + shrinkMs, realNow);
  const last = await playScript(small, ground, unseen);
  const same = last.violations.find((each) => each.promise === first.promise) ?? first;
  return { ...base, failing: { script: small, promise: first.promise, told: last.told, detail: same.detail } };
}

let chain = Promise.resolve();
process.on("message", (ask: Ask | "end") => {
  chain = chain.then(async () => {
    if (ask === "end") {
      await ground.close();
      // What was killed in a history never returns, and may hold a socket for ever.
      process.exit(0);
    }
    process.send?.(await answer(ask));
  });
});
process.send?.("ready");
