/** Where a command writes, and the environment that it was started with. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A line for the reader, or for the next program in a pipe. */
  out(line: string): void;
  /** A line for the person only: faults, and what to do next. */
  tell(line: string): void;
}

/** A command that cannot be done: one sentence about why, and the way out. The command line ends with code 1. */
export class CommandError extends Error {
  readonly wayOut: string;

  constructor(message: string, wayOut = "", options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.wayOut = wayOut;
  }
}
