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
  "they changed: held",
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

/** Store functions that no step of a history calls: other parts of the product have them. */
const NOT_IN_HISTORIES =
  /^(api-keys|idempotency|webhooks|subscriptions|feed|retention|status|tokens|kundeemner-read|history-read|explain-read|quarantine-read|quarantine|reviews-read|runs-read|criteria-sql|embedded|embedded-user|database|clock|tombstones|faults|due-work|paging|read-columns|connections|lanes|runs|standing)$/;
const STORE = fileURLToPath(new URL("../src/store", import.meta.url));

/** Functions of the store that await the database, read from their source. */
export function expectedAwaits(): string[] {
  return readdirSync(STORE)
    .filter((name) => name.endsWith(".ts") && !NOT_IN_HISTORIES.test(name.replace(/\.ts$/, "")))
    .flatMap((name) => {
      const text = readFileSync(`${STORE}/${name}`, "utf8");
      const parts = text.split(/^(?=export async function )/m).slice(1);
      return parts.flatMap((part) => {
        const [, called] = /^export async function (\w+)/.exec(part) ?? [];
        return called !== undefined && /\.unsafe\(/.test(part) ? [`store/${name.replace(/\.ts$/, "")} ${called}`] : [];
      });
    });
}
