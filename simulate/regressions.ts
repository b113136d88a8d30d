import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Script } from "./steps.ts";

const FOLDER = fileURLToPath(new URL("./regressions", import.meta.url));

/** A history that once broke a promise, as small as it could be made; replayed by the tests for ever. */
export interface Regression {
  readonly name: string;
  /** What it broke. */
  readonly promise: string;
  readonly why: string;
  readonly script: Script;
}

export function readRegressions(): Regression[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8")) as Regression); // written by keepRegression
}

/** Gives the name of the file. */
export function keepRegression(regression: Regression): string {
  const path = `${FOLDER}/${regression.name}.json`;
  writeFileSync(path, `${JSON.stringify(regression, null, 1)}\n`);
  return `simulate/regressions/${regression.name}.json`;
}
