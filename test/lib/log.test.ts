import { expect, test } from "vitest";
import { RejectedError } from "../../src/lib/errors.ts";
import { createLog, type LogLevel } from "../../src/lib/log.ts";
import { redactor } from "../../src/lib/secrets.ts";

function openLog(level: LogLevel = "info") {
  const lines: string[] = [];
  const masking = redactor();
  const log = createLog({ level, redactor: masking, out: { write: (line) => lines.push(line) } });
  return { log, masking, lines, read: (at = 0) => JSON.parse(lines[at] ?? "null") };
}

test("a line is one JSON object with the time, the level, the event and its fields", () => {
  const { log, read } = openLog();
  log.info("delivery.sent", { deliveryId: 7, durationMs: 12 });
  expect(read()).toEqual({
    time: expect.any(String),
    level: "info",
    event: "delivery.sent",
    deliveryId: 7,
    durationMs: 12,
  });
  expect(Number.isNaN(Date.parse(read().time))).toBe(false);
});

test("what lies below the level is not written", () => {
  const { log, lines } = openLog("warn");
  log.info("run.ended");
  log.debug("delivery.retried");
  log.warn("guard.tripped");
  expect(lines).toHaveLength(1);
});

test("a secret is masked wherever in the line it stands, and by the name of its field", () => {
  const { log, masking, lines } = openLog();
  masking.add("hemmelig-nøgle");
  log.warn("call.failed", { request: "GET hemmelig-nøgle/x", deep: { at: ["hemmelig-nøgle"] }, token: "unregistered" });
  expect(lines.join("")).not.toMatch(/hemmelig|unregistered/);
});

test("of our own error the code, the message and the ids are told", () => {
  const { log, read } = openLog();
  log.warn("change.quarantined", { error: new RejectedError("bad_shape", "Unexpected shape", { context: { id: 3 } }) });
  expect(read().error).toEqual({
    name: "RejectedError",
    code: "bad_shape",
    message: "Unexpected shape",
    context: { id: 3 },
  });
});

test("the message of a foreign error, which may quote a value, is not told", () => {
  const { log, lines, read } = openLog();
  try {
    JSON.parse("Ada Lovelace");
  } catch (error) {
    log.error("step.failed", { error: new Error("Ada Lovelace", { cause: error }) });
  }
  expect(lines.join("")).not.toContain("Ada");
  expect(read().error).toMatchObject({ name: "Error", cause: { name: "SyntaxError" } });
  expect(read().error.where[0]).toContain("log.test.ts");
});

test("fields given to `with` stand on every line", () => {
  const { log, read } = openLog();
  log.with({ connection: "erp" }).info("run.ended", { read: 5 });
  expect(read()).toMatchObject({ connection: "erp", read: 5 });
});
