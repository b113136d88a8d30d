/** What the demo tells while it runs: to stdout, or to stderr when stdout is for the summary. */
export interface Screen {
  /** A chapter of the story, numbered. */
  step(title: string): void;
  line(text?: string): void;
  /** Something looked for and seen. */
  saw(text: string): void;
  /** Something that is not as it should be; the demo will end with an exit code. */
  wrong(text: string): void;
  table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void;
  readonly faults: readonly string[];
}

export function openScreen(out: NodeJS.WritableStream, beganAt = Date.now()): Screen {
  const faults: string[] = [];
  let steps = 0;
  const line = (text = "") => void out.write(`${text}\n`);
  const seconds = () => `${((Date.now() - beganAt) / 1000).toFixed(1)} s`.padStart(7);
  return {
    faults,
    line: (text = "") => line(text === "" ? "" : `      ${text}`),
    step(title) {
      steps += 1;
      line();
      line(`${seconds()}  ${steps}. ${title}`);
    },
    saw: (text) => line(`    ✓ ${text}`),
    wrong(text) {
      faults.push(text);
      line(`    ✗ ${text}`);
    },
    table(head, rows) {
      const all = [head, ...rows].map((row) => row.map(String));
      const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] ?? "").length)));
      for (const [at, row] of all.entries()) {
        line(
          `      ${row
            .map((cell, column) => padded(cell, widths[column] ?? 0, rows[0]?.[column]))
            .join("  ")
            .trimEnd()}`,
        );
        if (at === 0) line(`      ${widths.map((width) => "─".repeat(width)).join("  ")}`);
      }
    },
  };
}

/** Numbers to the right. */
const padded = (cell: string, width: number, sample: string | number | undefined): string =>
  typeof sample === "number" ? cell.padStart(width) : cell.padEnd(width);
