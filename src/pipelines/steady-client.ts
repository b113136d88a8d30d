import pg from "pg";

/**
 * For connections that keep only what may be forgotten when PostgreSQL itself falls: that a job is due (found again by the
 * sweep) and how many requests of this second are used up. What they commit is not waited for until it is on disk.
 */
export const FORGETFUL = "-c synchronous_commit=off";

/**
 * A connection of `pg` whose loss ends no process. A pool listens for errors of its idle connections only: one that is lost
 * while it is taken out, in the middle of a transaction, would be an `error` event that nobody hears. Whoever waits for
 * its queries is told by them.
 */
export class SteadyClient extends pg.Client {
  constructor(config?: pg.ClientConfig | string) {
    super(config);
    this.on("error", () => undefined);
  }
}
