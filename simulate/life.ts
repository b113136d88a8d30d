import { awaitPoint } from "./await-points.ts";
import type { Kill } from "./steps.ts";

/** What a dead process gets of every call: nothing, ever. */
const never = <T>(): Promise<T> => new Promise(() => undefined);

/**
 * The life of one process. Every await on store or network passes through it; at its kill the process is dead: that call
 * and all later ones never return.
 */
export class Life {
  private readonly note: (point: string, died: boolean) => void;
  private kill: Kill | undefined;
  private awaits = 0;
  private tellDeath: () => void = () => undefined;
  /** Where it died. */
  diedAt: string | undefined;
  readonly died: Promise<void>;

  constructor(note: (point: string, died: boolean) => void) {
    this.note = note;
    this.died = new Promise((done) => {
      this.tellDeath = done;
    });
  }

  get isDead(): boolean {
    return this.diedAt !== undefined;
  }

  /** Counts the awaits of a step from here on. */
  begin(kill: Kill | undefined): void {
    this.kill = kill;
    this.awaits = 0;
  }

  pass<T>(kind: string, call: () => PromiseLike<T>): Promise<T> {
    return this.passAt(awaitPoint(kind), call);
  }

  /** The same for a query, which runs only once it is awaited: it may be a part of another. */
  watch<Q extends PromiseLike<unknown>>(kind: string, query: Q): Q {
    const point = awaitPoint(kind);
    const run = query.then.bind(query);
    const then: Q["then"] = (done, failed) => this.passAt(point, () => ({ then: run })).then(done, failed);
    return Object.assign(query, { then });
  }

  private async passAt<T>(point: string, call: () => PromiseLike<T>): Promise<T> {
    if (this.isDead) return never();
    this.awaits += 1;
    const isLast = this.kill !== undefined && this.awaits === this.kill.at;
    if (isLast && this.kill?.when === "before") return this.die(point);
    this.note(point, false);
    try {
      const answer = await call();
      if (isLast) return this.die(`${point} (after)`);
      return this.isDead ? never() : answer;
    } catch (error) {
      if (this.isDead) return never();
      throw error;
    }
  }

  /** Dies from outside: its connections go, whatever it was at. */
  end(): void {
    if (!this.isDead) this.die("stopped");
  }

  private die<T>(point: string): Promise<T> {
    this.diedAt = point;
    this.note(point.replace(" (after)", ""), true);
    this.tellDeath();
    return never();
  }
}
