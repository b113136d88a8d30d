import { Readable } from "node:stream";
import { request } from "undici";
import type { RunningGateway } from "../rig/gateway.ts";
import { until } from "../rig/until.ts";

export interface Pushed {
  readonly kept: number;
  readonly repeats: number;
  readonly rejectedCount: number;
  /** From the first byte of the request to the commit of the last decision. */
  readonly seconds: number;
}

const LOOK_MS = 10;
const LONGEST_MS = 30 * 60_000;

export interface Target {
  readonly connection: string;
  readonly object: string;
}

/** One POST of NDJSON, and the wait until nothing of it waits any more; `armed`: a lane that decides nothing yet. */
export async function push(
  gateway: RunningGateway,
  to: Target,
  body: Iterable<Buffer>,
  { armed = false } = {},
): Promise<Pushed> {
  const began = performance.now();
  const answer = await request(`${gateway.url}/v1/connections/${to.connection}/inbound/${to.object}`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.key}`, "content-type": "application/x-ndjson" },
    body: Readable.from(body, { objectMode: false }),
    headersTimeout: LONGEST_MS,
    bodyTimeout: LONGEST_MS,
  });
  const told = await answer.body.text();
  if (answer.statusCode !== 202) throw new Error(`The push was answered ${answer.statusCode}: ${told}`);
  const { kept, repeats, rejectedCount } = JSON.parse(told) as Omit<Pushed, "seconds">; // as /openapi.json says
  if (kept > 0 && !armed) await decided(gateway, to.connection);
  return { kept, repeats, rejectedCount, seconds: (performance.now() - began) / 1000 };
}

/** Until no change waits: one look at a partial index that holds the waiting ones only. */
export async function decided({ sql, program }: RunningGateway, connection: string): Promise<void> {
  await until(
    "every change is decided",
    LONGEST_MS,
    async () => {
      if (!program.isRunning()) await program.ended;
      const [row] = await sql<{ waits: boolean }[]>`
        select exists (select 1 from changes where connection = ${connection} and state = 'received') as waits`;
      return row?.waits === false;
    },
    LOOK_MS,
  );
}
