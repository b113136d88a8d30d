import type { Batch } from "../batch.ts";
import type { Deps } from "../deps.ts";
import { openBatch } from "../load.ts";

/** Leaves a transaction without a trace, with what was found out in it. */
class Tried<T> extends Error {
  readonly answer: T;
  constructor(answer: T) {
    super("Tried");
    this.answer = answer;
  }
}

/** Does an act for its answer alone: the real thing, in a transaction that is rolled back (docs/decisions/0007). */
export async function inTrial<T>(deps: Deps, act: (batch: Batch) => Promise<T>): Promise<T> {
  try {
    return await deps.db.sql.begin(async (tx): Promise<never> => {
      throw new Tried(await act(await openBatch(deps, tx, "")));
    });
  } catch (error) {
    if (error instanceof Tried) return error.answer;
    throw error;
  }
}
