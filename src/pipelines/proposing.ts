import type { OpenLane } from "./world.ts";

/** What the register says of the law is not a person's to turn down: protection against advertising is taken at once. */
export const LAWFUL = { reklamebeskyttet: "auto" } as const;

/** What an extra link shows is proposed, not taken: another one speaks for the record (rule R25). */
export function proposing(lane: OpenLane, besides: OpenLane["updatePolicy"] = {}): OpenLane {
  const frozen = Object.entries(lane.updatePolicy).filter(([, policy]) => policy === "frozen");
  return { ...lane, updatePolicy: { "*": "propose", ...besides, ...Object.fromEntries(frozen) } };
}
