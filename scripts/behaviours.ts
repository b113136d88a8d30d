/**
 * Writes docs/behaviours.md from test-results/results.json, which `npm test` leaves: for each behaviour (S…) and rule (R…)
 * the tests whose titles begin with its number, and whether they passed.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

export const resultsSchema = z.looseObject({
  testResults: z.array(
    z.looseObject({
      name: z.string(),
      assertionResults: z.array(
        z.looseObject({ title: z.string(), status: z.string(), ancestorTitles: z.array(z.string()).default([]) }),
      ),
    }),
  ),
});

interface Shown {
  readonly title: string;
  readonly status: string;
  readonly file: string;
}

/** The page; tests without a number are not in it. */
export function behavioursPage(results: z.output<typeof resultsSchema>): string {
  const byNumber = new Map<string, Shown[]>();
  for (const { name, assertionResults } of results.testResults) {
    const file = name.replace(/^.*\/(?=test\/)/, "");
    for (const { title, status, ancestorTitles } of assertionResults) {
      const number = [title, ...ancestorTitles].map((text) => /^([SR]\d+)\b/.exec(text)?.[1]).find(Boolean);
      if (number !== undefined) byNumber.set(number, [...(byNumber.get(number) ?? []), { title, status, file }]);
    }
  }
  const parts = [
    "# Behaviours and rules, by their tests",
    "",
    "<!-- Made by `npm run behaviours` from test-results/results.json, which `npm test` leaves. -->",
    "",
    "A behaviour (S) is what a user can see; a rule (R) is how a change is judged. Each test stands under the number that its title begins",
    "with. What is not listed here has no test of its own yet.",
  ];
  for (const [letter, heading] of [
    ["S", "Behaviours"],
    ["R", "Rules"],
  ] as const) {
    const numbers = [...byNumber.keys()].filter((each) => each.startsWith(letter)).sort(byValue);
    parts.push("", `## ${heading}`, "", "| | passed | tests |", "| --- | --- | --- |");
    for (const number of numbers) parts.push(rowOf(number, byNumber.get(number) ?? []));
  }
  return `${parts.join("\n")}\n`;
}

const byValue = (a: string, b: string): number => Number(a.slice(1)) - Number(b.slice(1));

function rowOf(number: string, tests: readonly Shown[]): string {
  const failed = tests.filter((test) => test.status !== "passed").length;
  const grouped = Map.groupBy(tests, (test) => test.file);
  const lines = [...grouped].map(
    ([file, own]) => `${own.map(({ title, status }) => told(number, title, status)).join("; ")} (\`${file}\`)`,
  );
  return `| ${number} | ${failed === 0 ? "yes" : "no"} | ${lines.join("<br>")} |`;
}

const told = (number: string, title: string, status: string): string => {
  const text = title.startsWith(number) ? title.slice(number.length).trim() : title;
  const safe = text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", " ");
  return status === "passed" ? safe : `**${status}:** ${safe}`;
};

if (import.meta.main) {
  const results = fileURLToPath(new URL("../test-results/results.json", import.meta.url));
  if (!existsSync(results)) throw new Error("There are no results yet: run `npm test` first.");
  const file = fileURLToPath(new URL("../docs/behaviours.md", import.meta.url));
  writeFileSync(file, behavioursPage(resultsSchema.parse(JSON.parse(readFileSync(results, "utf8")))));
  console.log(`Wrote ${file}`);
}
