import { runCommandLine } from "../../src/cli/command-line.ts";

export interface Captured {
  readonly code: number;
  /** What went to stdout. */
  readonly out: string;
  /** What went to stderr. */
  readonly told: string;
}

/** One command line with its output kept. */
export async function kobling(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Captured> {
  const out: string[] = [];
  const told: string[] = [];
  const code = await runCommandLine(words, { env, out: (line) => out.push(line), tell: (line) => told.push(line) });
  return { code, out: out.join("\n"), told: told.join("\n") };
}
