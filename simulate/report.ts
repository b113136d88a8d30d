import type { Coverage } from "./coverage.ts";
import { expectedAwaits, expectedRules, FAULT_KINDS, LEAST_PERCENT } from "./expected.ts";
import type { Options } from "./options.ts";
import { keepRegression } from "./regressions.ts";
import type { Answer } from "./worker.ts";

/** A failing history as a person reads it, and where it is kept. */
export function tellFailure(answer: Answer, { keep }: Options): string {
  const head = answer.violations.slice(0, 8).map(({ promise, detail }) => `  ${promise}: ${detail}`);
  const more = answer.violations.length > head.length ? [`  and ${answer.violations.length - head.length} more`] : [];
  const lines = [`Seed ${answer.seed} breaks ${answer.violations.length} promises:`, ...head, ...more];
  const { failing } = answer;
  if (failing === undefined) return lines.join("\n");
  lines.push(
    `Shrunk to ${failing.script.steps.length} steps (${failing.promise}):`,
    ...failing.told.map((line) => `  ${line}`),
  );
  lines.push(`  ${failing.promise}: ${failing.detail}`);
  if (keep) {
    const name = `seed-${answer.seed}-${failing.promise.replaceAll(" ", "-")}`;
    const kept = keepRegression({ name, promise: failing.promise, why: failing.detail, script: failing.script });
    lines.push(`Kept as ${kept}`);
  }
  return lines.join("\n");
}

/** How often what was reached, and what was not. */
export function tellCoverage(coverage: Coverage, histories: number): { text: string; missing: string[] } {
  const missing: string[] = [];
  const lines = ["Histories by kind of fault:"];
  for (const kind of FAULT_KINDS) {
    const count = coverage.faults.get(kind) ?? 0;
    const percent = (100 * count) / Math.max(1, histories);
    lines.push(`  ${kind.padEnd(20)} ${String(count).padStart(6)}  ${percent.toFixed(0)} %`);
    if (percent < LEAST_PERCENT) missing.push(`fault kind ${kind} in ${LEAST_PERCENT} % of histories`);
  }
  lines.push("Decisions by row of R12, gate, and kinds of fault in their histories:");
  for (const rule of expectedRules) {
    const [all = 0, ...byFault] = [rule, ...FAULT_KINDS.map((kind) => `${rule} | ${kind}`)].map(
      (key) => coverage.rules.get(key) ?? 0,
    );
    lines.push(`  ${rule.padEnd(34)} ${String(all).padStart(7)}  ${byFault.map((count) => count).join(" ")}`);
    if (all === 0) missing.push(rule);
    for (const [at, kind] of FAULT_KINDS.entries())
      if (all > 0 && byFault[at] === 0) missing.push(`${rule} with ${kind}`);
  }
  lines.push("Awaits, and deaths there:");
  for (const point of expectedAwaits()) {
    const [passed, deaths] = [coverage.awaits.get(point) ?? 0, coverage.deaths.get(point) ?? 0];
    lines.push(`  ${point.padEnd(52)} ${String(passed).padStart(8)} ${String(deaths).padStart(6)}`);
    if (passed === 0) missing.push(`await ${point}`);
    if (deaths === 0) missing.push(`death at ${point}`);
  }
  return { text: lines.join("\n"), missing };
}
