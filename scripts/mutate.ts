/**
 * `npm run mutate`: changes the rules and the mappings in small ways, one at a time, and tells which changes no test
 * noticed. Prints the score of each file, the mutants that lived, and one closing line. Files to mutate may be named:
 * `npm run mutate -- src/rules/gate.ts`.
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Stryker } from "@stryker-mutator/core";

type Mutant = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

const root = fileURLToPath(new URL("..", import.meta.url));
const PURE = ["src/rules/**/*.ts", "src/mappings/**/*.ts"];

async function main(): Promise<void> {
  process.chdir(root);
  const named = process.argv.slice(2);
  const stryker = new Stryker({
    mutate: named.length > 0 ? named : PURE,
    testRunner: "vitest",
    vitest: { configFile: "vitest.mutate.config.ts", related: false },
    // Stryker rewrites a tsconfig through an API that TypeScript 7 no longer has; without one it leaves that be.
    tsconfigFile: "no-tsconfig.json",
    // A second biome.json below this one would stop `npm run lint` while mutants run.
    ignorePatterns: ["biome.json", ".kobling", "test-results", "coverage"],
    concurrency: 2,
    reporters: ["json"],
    jsonReporter: { fileName: "reports/mutation.json" },
    allowEmpty: true,
  });
  const mutants = await stryker.runMutationTest();
  const lived = mutants.filter(isAlive).sort(byPlace);
  for (const mutant of lived) console.log(told(mutant));
  const files = [...new Set(mutants.map(placeOf))].sort();
  for (const file of files) console.log(`${file}: ${sum(mutants.filter((mutant) => placeOf(mutant) === file))}`);
  console.log(sum(mutants));
}

/** `src/rules/gate.ts:31 ConditionalExpression lived: true`. */
function told(mutant: Mutant): string {
  const fate = mutant.status === "NoCoverage" ? "met no test" : "lived";
  const replacement = (mutant.replacement ?? "").replace(/\s+/g, " ");
  return `${placeOf(mutant)}:${mutant.location.start.line} ${mutant.mutatorName} ${fate}: ${replacement}`;
}

function sum(mutants: Mutant[]): string {
  const dead = mutants.filter((mutant) => mutant.status === "Killed" || mutant.status === "Timeout").length;
  const alive = mutants.filter(isAlive).length;
  const ignored = mutants.filter((mutant) => mutant.status === "Ignored").length;
  const broken = mutants.length - dead - alive - ignored;
  const score = dead + alive === 0 ? "-" : `${((100 * dead) / (dead + alive)).toFixed(1)} %`;
  return `score ${score} (${dead} killed, ${alive} lived, ${ignored} ignored, ${broken} that could not run)`;
}

function isAlive(mutant: Mutant): boolean {
  return mutant.status === "Survived" || mutant.status === "NoCoverage";
}

function byPlace(one: Mutant, other: Mutant): number {
  return placeOf(one).localeCompare(placeOf(other)) || one.location.start.line - other.location.start.line;
}

function placeOf(mutant: Mutant): string {
  return relative(root, mutant.fileName);
}

await main();
