const REAL_NOW = Date.now;
/** A history begins on a Monday morning. */
const START_MS = Date.UTC(2027, 0, 4, 8);

/**
 * The virtual time of a history (rule R35). The database reads it through `kobling_now()`; the clock of the processes is
 * `Date.now`, which stands apart from it by `skewMs`.
 */
export class VirtualClock {
  ms = START_MS;
  skewMs = 0;

  tick(ms: number): void {
    this.ms += ms;
  }

  /** What a process reads. */
  processTime(): Date {
    return new Date(this.ms + this.skewMs);
  }

  /** Makes `Date.now` of this program virtual until `release`. */
  take(): void {
    Date.now = () => this.ms + this.skewMs;
  }

  release(): void {
    Date.now = REAL_NOW;
  }
}
