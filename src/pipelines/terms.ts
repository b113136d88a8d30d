import type { Terms } from "../connectors/directory.ts";
import type { Deps } from "./deps.ts";

/** Settings are read once a connection; a cache without state of its own. */
const known = new WeakMap<ReturnType<Deps["connection"]>, Terms>();

/** What a directory lets be done with its content, as its operator has agreed with it; undefined: it is no directory. */
export function termsOf(deps: Pick<Deps, "connectorOf" | "connection">, name: string): Terms | undefined {
  const { directory, settings } = deps.connectorOf(name);
  if (directory === undefined) return undefined;
  const connection = deps.connection(name);
  const terms = known.get(connection) ?? directory.terms(settings.parse(connection.settings));
  known.set(connection, terms);
  return terms;
}
