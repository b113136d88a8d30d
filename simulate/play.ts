import type { Coverage } from "./coverage.ts";
import type { Ground } from "./database.ts";
import { History } from "./history.ts";
import type { Violation } from "./oracle/evidence.ts";
import { endAndJudge } from "./oracle/oracle.ts";
import type { Script } from "./steps.ts";

export interface Played {
  readonly violations: readonly Violation[];
  /** The history as a person reads it. */
  readonly told: readonly string[];
}

/** Plays a script from an empty database to its quiet end, and judges it. */
export async function playScript(script: Script, ground: Ground, coverage: Coverage): Promise<Played> {
  const history = new History(script, ground, coverage);
  try {
    await history.open();
    await history.play();
    return { violations: await endAndJudge(history), told: history.told };
  } finally {
    await history.close();
    coverage.next();
  }
}
