import { decideReview } from "../src/pipelines/decisions.ts";
import type { Deps } from "../src/pipelines/deps.ts";
import type { History } from "./history.ts";
import { type Key, uniqueValue } from "./remotes/columns.ts";
import { person, type Step } from "./steps.ts";

const choices: Readonly<Record<string, readonly string[]>> = {
  conflict: ["take_theirs", "keep_ours", "value", "take_theirs", "keep_ours"],
  proposal: ["take_theirs", "keep_ours", "value"],
  match_case: ["link", "not_same", "new", "ignore", "link"],
  duplicate: ["not_same"],
  orphaned: ["write_back", "archive", "write_back"],
  ignored_write: ["acknowledge"],
  alert: ["acknowledge"],
  stopped_run: ["dismiss"],
  primary_contact: ["ignore"],
};

/** A person decides one of the open cases, one way or another. */
export async function decide(history: History, deps: Deps, step: Step & { do: "decide" }): Promise<string> {
  const open = await history.ground.sql.unsafe(
    "select id::int, kind, unit, entity_id, sides, detail, revision from reviews where state = 'open' order by id",
  );
  const review = open[step.review % Math.max(1, open.length)];
  if (review === undefined) return "nothing waits";
  const kind = String(review.kind);
  const allowed = choices[kind] ?? [];
  const decision = allowed[step.choice % Math.max(1, allowed.length)] ?? "acknowledge";
  const unit = String(review.unit);
  const sides = (review.sides ?? []) as { link: string | null }[];
  const link = sides.find((side) => side.link !== null)?.link;
  const candidates = ((review.detail as { candidates?: string[] } | null)?.candidates ?? []) as string[];
  const key = (unit === "adresse" ? "adresse1" : unit) as Key;
  const value = decision === "value" ? { [key]: uniqueValue(key, step.n) } : undefined;
  const target =
    decision === "take_theirs"
      ? link
      : kind === "match_case" && (decision === "link" || decision === "not_same")
        ? candidates[0]
        : undefined;
  // A person has it made again, or says that there are two.
  const again =
    decision === "write_back"
      ? [String(review.entity_id)]
      : kind === "match_case" && decision !== "link"
        ? candidates
        : [];
  for (const made of await history.ground.sql.unsafe("select cvr_nr from kundeemner where id = any($1)", [again]))
    history.anew.add(String(made.cvr_nr));
  if (kind === "match_case") for (const id of candidates) history.retied.add(id);
  await decideReview(deps, {
    id: Number(review.id),
    decision,
    revision: Number(review.revision),
    ...(value === undefined ? {} : { value }),
    ...(target === null || target === undefined ? {} : { target }),
    by: person,
  });
  if (value !== undefined)
    history.edits.push({
      n: step.n,
      step: history.order.step,
      place: history.order.next(),
      at: history.clock.ms,
      record: String(review.entity_id),
      key,
      value: uniqueValue(key, step.n),
    });
  return `${kind} ${review.id} ${unit}: ${decision}`;
}
