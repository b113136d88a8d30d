import { Redis } from "ioredis";
import { GATEWAY, type Stage } from "./stage.ts";

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const WRITES = ({ text }: { readonly text: string }): boolean => /^(insert|update)\b/.test(text);

/** Everything that the queue holds is gone at once. */
export async function flushRedis({ redis, say }: Stage): Promise<void> {
  const running = redis();
  if (running === undefined) return;
  const client = new Redis(running.url);
  await client.flushall();
  client.disconnect();
  say("FLUSHALL: Redis is empty");
}

export async function restartRedis(stage: Stage): Promise<void> {
  if (stage.redis() === undefined) return;
  await stage.restartRedis();
  stage.say("Redis was killed and started again, empty");
}

/** 53100: writes fail in the middle of their transactions, in both processes. */
export async function fillDisk({ wires, say }: Stage, times: number, forMs: number): Promise<number> {
  const words = "could not extend file: No space left on device";
  const failing = GATEWAY.map((name) => wires[name].fail("53100", words, times, WRITES));
  await wait(forMs);
  for (const each of failing) each.cease();
  const struck = failing.reduce((sum, each) => sum + each.struck(), 0);
  say(`53100: ${struck} writes failed`);
  return struck;
}

/** 57P01 to every connection, and 53300 to whoever connects in the time after it. */
export async function shutDown({ wires, say }: Stage, forMs: number): Promise<{ ended: number; refused: number }> {
  const before = GATEWAY.reduce((sum, name) => sum + wires[name].refused(), 0);
  for (const name of GATEWAY) wires[name].refuse({ code: "53300", message: "sorry, too many clients already" });
  const ended = GATEWAY.reduce((sum, name) => sum + wires[name].terminateAll(), 0);
  await wait(forMs);
  for (const name of GATEWAY) wires[name].refuse(undefined);
  const refused = GATEWAY.reduce((sum, name) => sum + wires[name].refused(), 0) - before;
  say(`57P01: ${ended} connections ended; 53300: ${refused} refused`);
  return { ended, refused };
}

/** The ledger cannot be reached at all. */
export async function takeRemoteAway({ remote, say }: Stage, forMs: number): Promise<void> {
  await remote.gone();
  await wait(forMs);
  await remote.back();
  say(`the ledger was gone for ${forMs / 1000} s`);
}
