import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import type { Summary } from "../../demo/summary.ts";

/** Only against a demo that hangs: a slow machine takes two minutes for it. */
const BUDGET_MS = 300_000;

/** The demo as a user runs it, in a process of its own; its story when it fails. */
async function runDemo(...args: string[]): Promise<{ code: number | null; summary: Summary; story: string }> {
  const child = spawn(process.execPath, ["demo/main.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  for (const from of ["stdout", "stderr"] as const) {
    child[from].setEncoding("utf8").on("data", (text: string) => {
      written[from] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (written.stdout === "") throw new Error(`The demo ended with ${code} and no summary:\n${written.stderr}`);
  return { code, summary: JSON.parse(written.stdout) as Summary, story: written.stderr };
}

test(
  "the demo plays its story against real processes, accounts for every change and every field, and ends without drift",
  async () => {
    const { code, summary, story } = await runDemo("--once", "--json", "--seed", "7");
    expect(summary.faults, story).toEqual([]);
    expect(code).toBe(0);
    const { quarantined, held, created, linked, updated, unchanged } = summary;
    expect(quarantined + held + created + linked + updated + unchanged).toBe(summary.read);
    expect(created).toBeGreaterThan(2000);
    expect(linked).toBeGreaterThan(500);
    expect(held).toBeGreaterThan(0);
    expect(summary.drift).toBe(0);
    const { fields } = summary;
    expect(fields.held + fields.withheld + fields.quarantined + fields.drift).toBe(fields.differences);
    expect(fields.quarantined).toBe(1);
    for (const chapter of [
      "preview",
      "release",
      "An echo",
      "A clash",
      "refuses",
      "422",
      "looked up",
      "drift 1",
      "drift 0",
    ]) {
      expect(story).toContain(chapter);
    }
  },
  BUDGET_MS,
);
