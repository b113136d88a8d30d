import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar, visit } from "yaml";
import type { Redactor } from "../lib/secrets.ts";
import { type Fault, type PathPart, pathText, type ToldIssue } from "./faults.ts";

/** A YAML file of the operator, its secret references resolved, that can say where in it each setting stands. */
export interface YamlFile {
  readonly file: string;
  readonly value: unknown;
  readonly faults: readonly Fault[];
  /** The place of a setting, or of what is nearest around it where the setting is missing. */
  fault(told: ToldIssue): Fault;
  /** The value came, whole or in part, from the environment or from a file. */
  isReference(path: readonly PathPart[]): boolean;
}

export interface References {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What comes from a reference is masked from now on. */
  readonly redactor: Redactor;
}

/** Reads `file` and resolves `${NAME}` (environment) and `file:PATH` (whole values under `settings`, and a `secret`). Faults are told, not thrown. */
export function readYamlFile(file: string, references: References): YamlFile {
  const faults: Fault[] = [];
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, "utf8"), { lineCounter: lines, merge: true, uniqueKeys: true });
  const faultAt = (offset: number | undefined, told: ToldIssue): Fault => {
    const place = offset === undefined ? undefined : lines.linePos(offset);
    const { path, rule, wayOut } = told;
    return { file, line: place?.line ?? 1, column: place?.col ?? 1, path: pathText(path), rule, wayOut };
  };
  for (const error of document.errors) {
    const rule = `This is not valid YAML: ${error.message.split("\n")[0]?.replace(/ at line.*$/, "") ?? error.code}.`;
    faults.push(
      faultAt(error.pos[0], { path: [], rule, wayOut: "Correct the line; mind its indentation and quotes." }),
    );
  }
  if (faults.length > 0)
    return { file, value: undefined, faults, fault: (told) => faultAt(0, told), isReference: () => false };

  const referred = new Set<string>();
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === "key" || typeof node.value !== "string") return;
      const path = pathOf(document, [...ancestors, node]);
      const tell = (rule: string, wayOut: string) => faults.push(faultAt(node.range?.[0], { path, rule, wayOut }));
      const written = node.value;
      node.value = resolveReference(
        written,
        path.includes("settings") || path.at(-1) === "secret",
        dirname(file),
        references,
        tell,
      );
      if (node.value !== written || REFERENCE.test(written)) referred.add(pathText(path));
    },
  });
  return {
    file,
    value: document.toJS(),
    faults,
    fault: (told) => faultAt(offsetOf(document, told.path, told.isName === true), told),
    isReference: (path) => referred.has(pathText(path)),
  };
}

const REFERENCE = /\$\{|^file:/;

type Tell = (rule: string, wayOut: string) => void;

function resolveReference(
  text: string,
  mayBeFile: boolean,
  folder: string,
  { env, redactor }: References,
  tell: Tell,
): string {
  if (mayBeFile && /^file:(?!\/\/)./.test(text)) {
    const path = resolve(folder, text.slice("file:".length));
    if (!existsSync(path)) {
      tell("The file that this secret is read from does not exist.", `Make ${path}, readable by Kobling.`);
      return text;
    }
    const secret = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    redactor.add(secret);
    return secret;
  }
  return text.replace(/\$\$\{|\$\{([^}]*)\}/g, (whole, name: string | undefined) => {
    if (name === undefined) return "${"; // $${ is a plain ${
    const value = env[name];
    if (value === undefined || value === "") {
      tell(
        `The environment variable ${name} is not set.`,
        `Set ${name} before Kobling starts, or refer to a file by file:PATH.`,
      );
      return whole;
    }
    redactor.add(value);
    return value;
  });
}

/** The names and numbers that lead to a node, from the chain of nodes that `visit` gives. */
function pathOf(document: Document, chain: readonly unknown[]): PathPart[] {
  const path: PathPart[] = [];
  for (const [at, node] of chain.entries()) {
    const next = chain[at + 1];
    if (node === document || next === undefined) continue;
    if (isSeq(node)) path.push(node.items.indexOf(next));
    const pair = node as { key?: Scalar }; // of the chain's nodes only a Pair has a key
    if (pair.key !== undefined && isScalar(pair.key)) path.push(String(pair.key.value));
  }
  return path;
}

function offsetOf(document: Document, path: readonly PathPart[], ofName: boolean): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return isScalar(node) && !ofName ? (startOf(node) ?? offset) : offset;
}

const startOf = (node: unknown) => (node as Node | null | undefined)?.range?.[0]; // keys and values are nodes or absent
