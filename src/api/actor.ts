import type { Context } from "hono";
import type { Actor } from "../pipelines/deps.ts";
import type { ApiEnv } from "./api-deps.ts";

/** The key's label stands in history as who did it. */
export const actorOf = (c: Context<ApiEnv>): Actor => ({ kind: "api", name: c.get("caller").label });

/** The members that were given: an optional member of a schema is undefined where it is absent, ours are absent. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> }; // the same names, fewer of them
}
