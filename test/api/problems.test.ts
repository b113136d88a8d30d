import { expect, test } from "vitest";
import { type Problem, problemOf, renderProblem } from "../../src/api/problems.ts";
import { da } from "../../src/api/texts/da.ts";
import { en } from "../../src/api/texts/en.ts";
import { RejectedError, StaleError } from "../../src/lib/errors.ts";

const render = (problem: Problem, language: "da" | "en") =>
  renderProblem(problem, { language, traceId: "t", instance: "urn:t" }).body;

test("every code has a title and a sentence of its own in both languages, with the same facts in it", () => {
  const facts = (text: string | undefined) => (text?.match(/\{\w+\}/g) ?? []).sort();
  for (const [code, [title, detail]] of Object.entries(en.problems)) {
    const danish = da.problems[code as keyof typeof da.problems]; // both tables have the same keys by type
    expect([title, detail, ...danish], code).not.toContain("");
    expect(danish[1], code).not.toBe(detail);
    expect(facts(danish[1]), code).toEqual(facts(detail));
  }
  for (const table of ["faults", "rules", "types", "sources"] as const) {
    expect(Object.keys(da[table]).sort()).toEqual(Object.keys(en[table]).sort());
    for (const [name, text] of Object.entries(en[table])) expect(facts(da[table][name as never])).toEqual(facts(text));
  }
});

test("what a step refuses is told in the reader's language with the way out; the English sentence stays as reason", () => {
  const refused = new RejectedError("bad_value", "primaerKontaktId must be a contact of this emne", {
    context: { field: "primaerKontaktId" },
  });
  const problem = problemOf(refused);
  expect(render(problem, "da")).toMatchObject({
    status: 422,
    code: "bad_value",
    detail: "En værdi bryder en regel for feltet. Ret den, og send igen.",
    reason: "primaerKontaktId must be a contact of this emne",
    errors: [
      {
        pointer: "/primaerKontaktId",
        code: "bad_value",
        detail: "En værdi bryder en regel for feltet. Ret den, og send igen.",
      },
    ],
  });
  expect(render(problem, "en")).toMatchObject({
    detail: "A value breaks a rule of its field. Correct it and send it again.",
  });
});

test.each([
  ["not_found", 404],
  ["gone", 410],
  ["side_moved", 409],
  ["not_fresh", 409],
  ["version_moved", 412],
  ["exists", 409],
  ["not_allowed", 422],
] as const)("a refusal %s is a %i with its reason", (code, status) => {
  const body = render(problemOf(new RejectedError(code, "Why it was refused")), "da");
  expect(body).toMatchObject({ status, code, reason: "Why it was refused" });
});

test("a version that has moved tells the present one", () => {
  const moved = new StaleError("version_moved", "The record has another version", { context: { version: 7 } });
  expect(render(problemOf(moved), "en")).toMatchObject({ status: 412, currentVersion: 7, reason: moved.message });
});
