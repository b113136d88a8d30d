import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const MOST_LINES = 320;

/** Design section 9: each room and the rooms it may import. `connectors` and `store` stand side by side. */
const mayImport: Record<string, readonly string[]> = {
  lib: [],
  danish: ["lib"],
  tables: ["lib", "danish"],
  model: ["lib", "danish"],
  mappings: ["lib", "danish", "model"],
  rules: ["lib", "danish", "model", "mappings"],
  connectors: ["lib", "danish", "tables", "model", "mappings", "rules"],
  store: ["lib", "danish", "model", "mappings", "rules"],
  pipelines: ["lib", "danish", "tables", "model", "mappings", "rules", "connectors", "store"],
  api: ["lib", "danish", "tables", "model", "mappings", "rules", "connectors", "store", "pipelines"],
  cli: ["lib", "danish", "tables", "model", "mappings", "rules", "connectors", "store", "pipelines", "api"],
};
/** They wire everything and may import all rooms. The rooms that are handed the configuration may name its types; cli starts it all. */
const WIRING = /^src\/(config|main)(\/|\.ts$)/;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly { readonly path: string; readonly isTypeOnly: boolean }[];
}

const files: readonly SourceFile[] = ["src", "simulators", "simulate", "console"].flatMap(sourcesUnder);

function sourcesUnder(folder: string): SourceFile[] {
  const top = join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("node_modules"))
    .map((name) => readSource(join(top, name)));
}

function readSource(file: string): SourceFile {
  const text = readFileSync(file, "utf8");
  const statements = text.matchAll(
    /\b(?:import|export)\s+(type\s)?[^"';]*?from\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g,
  );
  const imports = [...statements].flatMap(([, type, named, bare]) => {
    const target = named ?? bare ?? "";
    if (!target.startsWith(".")) return [];
    return [{ path: relative(root, resolve(dirname(file), target)), isTypeOnly: type !== undefined }];
  });
  return { path: relative(root, file), text, imports };
}

const roomOf = (path: string) => /^src\/([\w-]+)\//.exec(path)?.[1];

test("the files are found and their imports are read", () => {
  expect(files.length).toBeGreaterThan(10);
  const http = files.find((file) => file.path === "src/lib/http.ts");
  expect(http?.imports).toContainEqual({ path: "src/lib/errors.ts", isTypeOnly: true });
  expect(http?.imports).toContainEqual({ path: "src/lib/errors.ts", isTypeOnly: false });
});

test("every folder under src is a room that the design names", () => {
  const rooms = new Set(files.map((file) => roomOf(file.path)).filter((room) => room !== undefined));
  for (const wiring of ["config", "main"]) rooms.delete(wiring);
  rooms.delete("main");
  expect([...rooms].filter((room) => !(room in mayImport))).toEqual([]);
});

test("each room imports from the rooms above it only, and connectors and store do not know each other", () => {
  const faults = files.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === undefined || WIRING.test(file.path)) return [];
    return file.imports
      .filter((target) => {
        if (WIRING.test(target.path))
          return room !== "cli" && !(target.isTypeOnly && ["pipelines", "api"].includes(room));
        const other = roomOf(target.path);
        return other !== undefined && other !== room && !mayImport[room]?.includes(other);
      })
      .map((target) => `${file.path} imports ${target.path}`);
  });
  expect(faults).toEqual([]);
});

test("one connector never imports another", () => {
  const connectorOf = (path: string) => /^src\/connectors\/([\w-]+)\//.exec(path)?.[1];
  const faults = files.flatMap((file) => {
    const own = connectorOf(file.path);
    if (own === undefined) return [];
    const others = file.imports.filter((target) => ![undefined, own].includes(connectorOf(target.path)));
    return others.map((target) => `${file.path} imports ${target.path}`);
  });
  expect(faults).toEqual([]);
});

test("simulators import nothing from src", () => {
  const simulators = files.filter((file) => file.path.startsWith("simulators/"));
  const faults = simulators.flatMap((file) =>
    file.imports
      .filter((target) => !target.path.startsWith("simulators/"))
      .map((target) => `${file.path}: ${target.path}`),
  );
  expect(faults).toEqual([]);
});

test("what judges the histories shares no code with what it judges", () => {
  const oracle = files.filter((file) => file.path.startsWith("simulate/oracle/"));
  expect(oracle.length).toBeGreaterThan(3);
  expect(oracle.flatMap((file) => file.imports.filter((target) => target.path.startsWith("src/")))).toEqual([]);
});

test("only the configuration reads the environment", () => {
  const readers = files.filter((file) => file.path.startsWith("src/") && /process\s*\.\s*env\b/.test(file.text));
  expect(readers.map((file) => file.path).filter((path) => path !== "src/config.ts")).toEqual([]);
});

test(`no file is longer than ${MOST_LINES} lines`, () => {
  const long = files.map((file) => `${file.path}: ${file.text.split("\n").length - 1}`);
  expect(long.filter((line) => Number(line.split(": ")[1]) > MOST_LINES)).toEqual([]);
});

test("no file is named for not having been understood", () => {
  const vague = /(^|[/-])(utils?|helpers?|common|managers?|services?|misc)(\.|-|\/)/;
  expect(files.map((file) => file.path).filter((path) => vague.test(path))).toEqual([]);
});
