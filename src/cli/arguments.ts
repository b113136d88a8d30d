import type { ArgsDef } from "citty";
import { CommandError } from "./terminal.ts";

/** What the parser gives: options and places by name, and all words that are no option under `_`. */
interface Given {
  readonly [name: string]: unknown;
  readonly _: readonly string[];
}

/** The parser lets through what it does not know; a typing error must be told instead. Throws CommandError. */
export function refuseUnknown(given: Given, known: ArgsDef, command: string): void {
  const wayOut = `See \`kobling ${command} --help\`.`;
  for (const name of Object.keys(given)) {
    // The parser gives `--up-to` under its name in camel case as well.
    const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (name !== "_" && !(name in known) && !(dashed in known))
      throw new CommandError(`There is no option --${name} here.`, wayOut);
  }
  for (const [name, { type }] of Object.entries(known)) {
    if (type === "string" && given[name] === "") throw new CommandError(`--${name} needs a value.`, wayOut);
  }
  const places = Object.values(known).filter((each) => each.type === "positional").length;
  const extra = given._[places];
  if (extra !== undefined) throw new CommandError(`"${extra}" is one word too many.`, wayOut);
}

/** An instant as the API takes it; a day alone is its beginning where the command runs. Throws CommandError. */
export function readTime(text: string, option: string): string {
  const time = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new CommandError(`${option} cannot be read.`, "Write it as 2026-12-31 or 2026-12-31T17:00:00+01:00.");
}

/** A whole number from 1. Throws CommandError. */
export function readId(text: string, what: string): number {
  const id = Number(text);
  if (Number.isSafeInteger(id) && id >= 1) return id;
  throw new CommandError(`${what} must be a whole number, and "${text}" is none.`);
}
