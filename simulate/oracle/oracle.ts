import { readFacts } from "../facts.ts";
import type { History } from "../history.ts";
import { activity, oneRound, reopen, untilQuiet } from "../quiet.ts";
import { mergedRecords } from "./directory.ts";
import { type Evidence, tellAll, type Violation } from "./evidence.ts";
import { forbiddenWrites } from "./forbidden.ts";
import { unexplainedHolds } from "./holds.ts";
import { lostEdits } from "./lost-edits.ts";
import { doubled, unsettled } from "./settled.ts";

/**
 * Ends a history and judges it: edits stop, every connection answers, and when everything is quiet the promises are held
 * against the script and the remotes' own logs. Shares no code with the rules that it judges.
 */
export async function endAndJudge(history: History): Promise<Violation[]> {
  if (history.script.scene.reopened) await reopen(history);
  await untilQuiet(history);
  const last = history.script.steps.length + 1;
  await history.mark(last);
  const before = await activity(history);
  await oneRound(history);
  const after = await activity(history);
  await history.mark(last + 1);
  const facts = await readFacts(history.ground);
  const evidence: Evidence = { history, facts, told: tellAll(history, facts) };
  return [
    ...history.faults.map((detail) => ({ promise: "nothing unforeseen", detail })),
    ...facts.quarantined
      .filter((each) => each.code === "fault")
      .map(({ connection, detail }) => ({ promise: "nothing unforeseen", detail: `${connection}: ${detail}` })),
    ...(after === before
      ? []
      : [{ promise: "quiet stays quiet", detail: `${after - before} writes after everything was quiet` }]),
    ...lostEdits(evidence),
    ...unsettled(evidence),
    ...doubled(evidence),
    ...forbiddenWrites(evidence),
    ...unexplainedHolds(evidence),
    ...mergedRecords(evidence),
  ];
}
