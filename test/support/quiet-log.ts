import { createLog, type Log } from "../../src/lib/log.ts";
import { redactor } from "../../src/lib/secrets.ts";

/** A log whose lines a test may read. */
export function quietLog(): { readonly log: Log; readonly lines: { event: string; [field: string]: unknown }[] } {
  const lines: { event: string; [field: string]: unknown }[] = [];
  const out = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { log: createLog({ level: "debug", redactor: redactor(), out }), lines };
}
