import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { GatewayClient } from "./gateway-client.ts";

const ASK_EVERY_MS = 250;
const ENDED = new Set(["done", "partly", "failed", "stopped"]);

export const runSchema = z.looseObject({
  id: z.number(),
  connection: z.string(),
  object: z.string().nullable(),
  kind: z.string(),
  state: z.string(),
  counts: z.record(z.string(), z.number()).nullable(),
  detail: z.unknown(),
});
export type Run = z.output<typeof runSchema>;

/** Asks until the run is over. */
export async function endedRun(gateway: GatewayClient, begun: Run): Promise<Run> {
  let run = begun;
  while (!ENDED.has(run.state)) {
    await wait(ASK_EVERY_MS);
    run = await gateway.ask(runSchema, "GET", `/v1/runs/${run.id}`);
  }
  return run;
}

/** Why a run failed, as the end of a sentence; nothing where it does not say. */
export function whyOf(detail: unknown): string {
  const read = z.looseObject({ message: z.string() }).safeParse(detail);
  return read.success ? `: ${read.data.message.replace(/[.]$/, "")}` : "";
}
