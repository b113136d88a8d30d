/** What has to be taken down at the end, last opened first. */
export interface Endings {
  /** Also when the end has begun: then it is taken down at once. */
  add(end: () => Promise<void>): Promise<void>;
  end(): Promise<void>;
}

export function openEndings(): Endings {
  const ends: (() => Promise<void>)[] = [];
  let isOver = false;
  return {
    async add(end) {
      if (isOver) await end();
      else ends.push(end);
    },
    async end() {
      isOver = true;
      for (const each of ends.reverse()) await each();
      ends.length = 0;
    },
  };
}
