import type { z } from "zod";

/** One thing that is wrong with a file of the operator: where, what the rule is, and a way out. Never a value of a secret. */
export interface Fault {
  readonly file: string;
  /** From 1; undefined where the fault is no place in a file (a missing file, an environment variable). */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** The setting, e.g. `connections.erp.objects.debitor.poll`. */
  readonly path: string;
  readonly rule: string;
  readonly wayOut: string;
}

export type PathPart = string | number;

/** `config/kobling.yaml:7:15 connections.erp.side: must be one of … Write one of …` */
export function formatFault({ file, line, column, path, rule, wayOut }: Fault): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return `${place} ${path === "" ? "" : `${path}: `}${rule} ${wayOut}`.trim();
}

export const pathText = (path: readonly PropertyKey[]): string =>
  path.map((part, at) => (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${String(part)}`)).join("");

/** What a zod issue says, for a person. `path` is where to point: for an unknown setting, the setting itself. */
export interface ToldIssue {
  readonly path: readonly PathPart[];
  readonly rule: string;
  readonly wayOut: string;
  /** The name of the setting is wrong, not its value. */
  readonly isName?: true;
}

/** Custom checks say their way out in `params.wayOut`; `knownKeys` names the settings that a group has, for `did you mean`. */
export function tellIssue(
  issue: z.core.$ZodIssue,
  knownKeys: (path: readonly PathPart[]) => readonly string[],
): ToldIssue[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        rule: "There is no such setting.",
        wayOut: nearest(key, knownKeys(path)),
        isName: true,
      }));
    case "invalid_value":
      return [
        {
          path,
          rule: "The value is not one of those allowed.",
          wayOut: `Write one of: ${issue.values.map(String).join(", ")}.`,
        },
      ];
    case "invalid_type": {
      if (issue.input !== undefined || !isMissing(issue.message)) {
        return [
          { path, rule: `This must be ${article(issue.expected)}.`, wayOut: `Write ${article(issue.expected)}.` },
        ];
      }
      return [
        { path, rule: "This setting is required.", wayOut: `Add ${path.at(-1) ?? "it"}, ${article(issue.expected)}.` },
      ];
    }
    case "invalid_union":
      return [{ path, rule: "The value has none of the allowed forms.", wayOut: sentence(issue.message) }];
    case "too_small":
      return [
        {
          path,
          rule: `This must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}.`,
          wayOut: "Write a larger value.",
        },
      ];
    case "too_big":
      return [
        {
          path,
          rule: `This must be ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}.`,
          wayOut: "Write a smaller value.",
        },
      ];
    case "custom": {
      const wayOut = issue.params?.wayOut;
      return [{ path, rule: sentence(issue.message), wayOut: typeof wayOut === "string" ? wayOut : "" }];
    }
    default:
      return [{ path, rule: sentence(issue.message), wayOut: "Write it as the documentation of this setting says." }];
  }
}

const isMissing = (message: string) => message.includes("received undefined");
const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a group of settings",
  record: "a group of settings",
  array: "a list",
};
const article = (expected: string) => KINDS[expected] ?? expected;

/** `Did you mean "poll"?`, or the settings that there are. */
function nearest(word: string, known: readonly string[]): string {
  const close = known
    .map((each) => ({ each, far: distance(word.toLowerCase(), each.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0];
  if (close && close.far <= Math.max(1, Math.floor(word.length / 3))) return `Did you mean ${close.each}?`;
  return known.length === 0 ? "Remove it." : `Remove it; known here: ${known.join(", ")}.`;
}

/** Levenshtein. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
