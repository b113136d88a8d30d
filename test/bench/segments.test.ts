import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 240_000 });

test("the bench of segments finds the same members as the bare statements, follows edits, and hands every add over", async () => {
  const args = ["bench/segments.ts", "--records", "400", "--segments", "8", "--adds", "150", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ records: 400, segments: 8, handOver: { adds: 150 } });
  expect(report.evaluation.members).toBeGreaterThan(20);
  for (const ratio of [report.evaluation.ratio, report.handOver.ratio, report.following.p50Ms])
    expect(ratio).toBeGreaterThan(0);
});
