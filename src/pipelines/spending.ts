import { RetryableError } from "../lib/errors.ts";
import { type Budget, findSpent, spend } from "../store/spending.ts";
import type { Deps } from "./deps.ts";
import { termsOf } from "./terms.ts";

const PER_DAY = 200;

type Needed = Pick<Deps, "db" | "connection" | "connectorOf">;

/** What a directory's calls of a day may be: nothing where a look-up may be charged and no budget was set. */
export function budgetOf(deps: Pick<Needed, "connection" | "connectorOf">, connection: string): Budget {
  const { perDay, costPerDay = null } = deps.connection(connection).refresh;
  return { calls: perDay ?? (termsOf(deps, connection)?.charged === undefined ? PER_DAY : 0), cost: costPerDay };
}

/**
 * Counts each call to a directory before it is sent, with its price: one that fails counts too, as nobody knows what the
 * vendor counts. A budgeted one that would break the budget is not made: RetryableError `budget_used_up`. A person's own
 * look-up is counted and never stopped.
 */
export function chargeOf(
  deps: Needed,
  connection: string,
  use: "budgeted" | undefined,
): (kind: string) => Promise<void> {
  const chargeOne = async (kind: string): Promise<void> => {
    const cost = deps.connection(connection).prices[kind] ?? 0;
    const budget = use === undefined ? undefined : budgetOf(deps, connection);
    if (await spend(deps.db.sql, { connection, kind, cost, budget })) return;
    throw new RetryableError("budget_used_up", "The budget of the day for this directory is spent", {
      context: { connection, kind },
    });
  };
  if (use === undefined) return chargeOne;
  // One after the other: what is most in need of it gets the last of a budget.
  let before: Promise<unknown> = Promise.resolve();
  return (kind) => {
    const charged = before.then(() => chargeOne(kind));
    before = charged.catch(() => undefined); // its caller is told
    return charged;
  };
}

/** How many calls the budget of today still holds. */
export async function callsLeft(deps: Needed, connection: string): Promise<number> {
  const { calls, cost } = budgetOf(deps, connection);
  const spent = (await findSpent(deps.db.sql)).get(connection);
  if (spent === undefined) return calls;
  return cost !== null && Number(spent.cost) >= cost && cost > 0 ? 0 : Math.max(0, calls - spent.calls);
}
