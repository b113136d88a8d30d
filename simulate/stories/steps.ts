import type { Random } from "../random.ts";
import type { Kill } from "../steps.ts";

/** Stories that a history may have besides its base; each draws from a random stream of its own. */
export const STORIES = ["directory"] as const;
export type StoryName = (typeof STORIES)[number];

/** Steps that only a story draws. */
export type StoryStep =
  /** A person makes a second record of somebody: it has no company number. */
  | { readonly do: "twin"; readonly kill?: Kill }
  /** A twin goes up in a record; `main`: whose link is written to where both have one. */
  | { readonly do: "join"; readonly record: number; readonly twin: number; readonly main: number; readonly kill?: Kill }
  /** A merge is taken back. */
  | { readonly do: "part"; readonly merge: number; readonly kill?: Kill }
  /** The directory's companies are read again that were not read for an hour. */
  | { readonly do: "refresh"; readonly kill?: Kill };

/** Text: what is wrong with a list of stories as it is typed. */
export function readStories(text: string): readonly StoryName[] | string {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !["base", "all", ...STORIES].includes(name));
  if (unknown.length > 0) return `There is no story ${unknown.join(", ")}; there are base, ${STORIES.join(", ")}, all`;
  return STORIES.filter((story) => names.includes("all") || names.includes(story));
}

/** Some processes die in the middle of it. */
export const kill = (random: Random): { kill?: Kill } =>
  random.chance(6)
    ? { kill: { at: 1 + random.below(random.pick([6, 25, 60])), when: random.pick(["before", "after"]) } }
    : {};
