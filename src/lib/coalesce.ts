/**
 * Runs `act` once at a time for a key. Calls that come while it runs share one more run, begun when it ends: each call is
 * answered by a run that began after it.
 */
export function coalesce<T>(act: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  const waiting = new Map<string, Promise<T>>();

  const run = (key: string): Promise<T> => {
    const one = act(key).finally(() => {
      if (running.get(key) === one) running.delete(key);
    });
    running.set(key, one);
    return one;
  };
  return (key) => {
    const current = running.get(key);
    if (current === undefined) return run(key);
    const shared = waiting.get(key);
    if (shared !== undefined) return shared;
    const go = (): Promise<T> => {
      waiting.delete(key);
      return run(key);
    };
    const next = current.then(go, go);
    waiting.set(key, next);
    return next;
  };
}
