import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { behavioursPage } from "../../scripts/behaviours.ts";
import { pages } from "../../scripts/docs.ts";

test.each(Object.entries(pages))("docs/%s says what the schemas say (npm run docs)", (name, write) => {
  expect(readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8")).toBe(write());
});

test("a behaviour has passed only when every test of its number has, and tests without a number are left out", () => {
  const test = (title: string, status: string) => ({ title, status, ancestorTitles: [] });
  const page = behavioursPage({
    testResults: [
      { name: "/x/test/a.test.ts", assertionResults: [test("S12 a < b", "passed"), test("anything", "failed")] },
      {
        name: "/x/test/b.test.ts",
        assertionResults: [test("S2 c", "passed"), test("S2 d", "failed"), test("R3 e", "passed")],
      },
    ],
  });
  const rows = page.split("\n").filter((line) => /^\| [SR]/.test(line));
  expect(rows).toEqual([
    "| S2 | no | c; **failed:** d (`test/b.test.ts`) |",
    "| S12 | yes | a &lt; b (`test/a.test.ts`) |",
    "| R3 | yes | e (`test/b.test.ts`) |",
  ]);
});
