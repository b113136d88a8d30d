import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
].filter((page) => page !== "docs/behaviours.md"); // the tests' own words

/** The invented connector of the page on writing one. */
const INVENTED = /acme/;

test.each(pages)("%s names only files that there are", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const named = [...text.matchAll(/`((?:src|test|docs|config\/schema|simulators|scripts|bin|\.ci)\/[\w./-]+)`/g)].map(
    ([, path = ""]) => path,
  );
  const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = ""]) =>
    resolve(root, dirname(page), path),
  );
  const missing = [...named.map((path) => join(root, path)), ...linked].filter(
    (path) => !INVENTED.test(path) && !existsSync(path),
  );
  expect(missing).toEqual([]);
});

test("each npm script that a page names is there", () => {
  const manifest: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const named = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name),
  );
  expect([...new Set(named)].filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
  expect(named.length).toBeGreaterThan(5);
});
