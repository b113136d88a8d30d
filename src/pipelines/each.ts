import type { Deps } from "./deps.ts";

const AT_ONCE = 32;

/** An error as an Error, whatever was thrown. */
export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/**
 * Calls the vendor for each item, a bounded number at once, under the connection's shared limit and circuit. An item's
 * failure goes to `onError` and leaves the others alone.
 */
export async function eachAtOnce<T>(
  deps: Deps,
  connection: string,
  items: readonly T[],
  call: (item: T) => Promise<void>,
  onError: (item: T, error: Error) => void,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const item = items[next];
      next += 1;
      if (item === undefined) return;
      try {
        await deps.limits.call(connection, () => call(item));
      } catch (error) {
        onError(item, asError(error));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
