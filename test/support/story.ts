import { Coverage } from "../../simulate/coverage.ts";
import { groundOn } from "../../simulate/database.ts";
import { History } from "../../simulate/history.ts";
import { REMOTES } from "../../simulate/remotes/remotes.ts";
import type { RemoteName, Scene, Step } from "../../simulate/steps.ts";
import { copyDatabase } from "./database.ts";

const each = <T>(value: T): Record<RemoteName, T> =>
  Object.fromEntries(REMOTES.map((name) => [name, value])) as Record<RemoteName, T>; // one for each name

/** One company, the same at the CRM and at ledger a; nobody else has it and nothing is created. */
export const plainScene: Scene = {
  companies: 1,
  survivorship: {},
  firstMeeting: each("remote"),
  createOut: each(false),
  stands: { ...each(["none"]), crm: ["same"], a: ["same"] },
  bareAnswers: false,
  onRemoteEdit: "leave",
  reopened: true,
  pageSize: 50,
};

/** A story told step by step in front of scripted remotes, as the simulator plays its histories. */
export async function startStory(
  keep: (close: () => Promise<void>) => void,
  scene: Partial<Scene> = {},
): Promise<{ history: History; step: (step: Step) => Promise<void> }> {
  const { database, drop } = await copyDatabase();
  keep(drop);
  const ground = await groundOn(database.url);
  keep(ground.close);
  const history = new History({ seed: "0", scene: { ...plainScene, ...scene }, steps: [] }, ground, new Coverage());
  keep(() => history.close());
  await history.open();
  let at = -1;
  return {
    history,
    step: async (step) => {
      at += 1;
      await history.mark(at);
      await history.step(step);
      if (history.faults.length > 0) throw new Error(history.faults.join("\n"));
    },
  };
}
