import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Kinds of trouble; each strikes in at least this part of the histories. */
export const LEAST_PERCENT = 5;
export const FAULT_KINDS = [
  "lost_before",
  "lost_after",
  "lands_late",
  "unavailable",
  "slow_down",
  "rejected",
  "page_fails",
  "meanwhile_before",
  "meanwhile_after",
  "doubled",
  "dropped",
  "reordered",
  "late_commit",
  "renumber",
  "merge",
  "remove",
  "unlink",
  "relink",
  "switch",
  "policy",
  "flag",
  "restrict",
  "skew",
  "decide",
  "process_dies",
] as const;

/** Rows of R12 and what the gate and survivorship made of them, as `watched-decide.ts` names them. */
export const expectedRules: readonly string[] = [
  "no change",
  "they changed, equal to ours",
  "they changed: taken",
  "they changed: lost",
  "they changed: pinned",
  "they changed: frozen",
  "they changed: not_empty",
  "they changed: propose",
  "they changed: flag",
  "they changed: restricted",
  "they changed: archived",
  "both changed: taken",
  "both changed: lost",
  "both changed: pinned",
  "both changed: frozen",
  "both changed: not_empty",
  "both changed: propose",
  "both changed: flag",
  "both changed: restricted",
  "both changed: held",
  "own write",
  "late own write",
  "first meeting",
  "further side",
  "one way or off",
];

/** The rooms of the store that a change passes through; the others (segments, keys, imports, …) no step of a history enters. */
const IN_HISTORIES =
  /^(absence|attempts|candidates|changes|deliveries|distinct-pairs|entities|guards|history|link-acts|link-blocks|links|links-write|outbound|reviews|reviews-decide|snapshots|turns)$/;
/** Functions there that no step of a history calls, and what calls them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  countListed: "guards of a listing that is suddenly short: a history's listings are small",
  noteShort: "the same",
  countWaiting: "the limit of waiting changes, at the API",
  newestWaiting: "the same",
  loadDistinct: "duplicates among companies without a number: each has one in a history",
  loadContacts: "contacts as objects: none of the scripted systems has them",
  loadEntities: "its statement is the one of lockEntities and stands there",
  takenAccountNumbers: "imports that bring account numbers",
  countLinked: "guards in percent: they need twenty records",
  grant: "an accepted preview",
  freeGoneLinks: "a conversion",
  lockFreeLinks: "cases of which a side is another batch's",
  findLinked: "contacts as objects",
  loadUnsettledLinks: "the drift of a status page",
  isPullable: "a waiting pull: histories do not wait",
  addReviewDetail: "a stopped run that is decided in part",
};
const STORE = fileURLToPath(new URL("../src/store", import.meta.url));

/** Functions of the store that await the database, read from their source. */
export function expectedAwaits(): string[] {
  return readdirSync(STORE)
    .filter((name) => name.endsWith(".ts") && IN_HISTORIES.test(name.replace(/\.ts$/, "")))
    .flatMap((name) => {
      const text = readFileSync(`${STORE}/${name}`, "utf8");
      const parts = text.split(/^(?=export async function )/m).slice(1);
      return parts.flatMap((part) => {
        const [, called] = /^export async function (\w+)/.exec(part) ?? [];
        return called !== undefined && !Object.hasOwn(ELSEWHERE, called) && /\.unsafe\(/.test(part)
          ? [`store/${name.replace(/\.ts$/, "")} ${called}`]
          : [];
      });
    });
}
