import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import type { RunningGateway } from "../../rig/gateway.ts";
import { startProgram } from "../../rig/program.ts";
import { until } from "../../rig/until.ts";

/** Adds a second, from the first that leaves until the last has its receipt. */
export interface HandedOver {
  readonly adds: number;
  readonly ours: number;
  readonly bare: number;
}

/** Hands so many contacts to a tool that answers after 20 ms; then bare: the same bodies, 32 in flight, and a COPY of one receipt a member. */
export async function handedOver(gateway: RunningGateway, target: string, adds: number): Promise<HandedOver> {
  const { sql, call } = gateway;
  const segment = await call<{ id: string }>("POST", "/v1/segments", {
    ...{ name: "Everybody", level: "kontaktperson", channel: "email", filter: `kontonummer != "" and tilladKampagne` },
  });
  await call("POST", `/v1/segments/${segment.id}/run`);
  await call("POST", "/v1/connections/tool/pause");
  const campaign = await call<{ id: string }>("POST", "/v1/campaigns", {
    ...{ name: "Bench", segment: segment.id, connections: ["tool"], purpose: "markedsfoering" },
  });
  const { selected } = await call<{ selected: number }>("POST", `/v1/campaigns/${campaign.id}/hand-over`);
  await sql.unsafe(
    "delete from hand_overs where address in (select address from hand_overs order by address offset $1)",
    [adds],
  );
  const wanted = Math.min(selected, adds);
  const began = performance.now();
  await call("POST", "/v1/connections/tool/resume");
  await until("every add has its receipt", 30 * 60_000, async () => {
    if (!gateway.program.isRunning()) await gateway.program.ended;
    const [row] = await sql<{ open: boolean }[]>`
      select exists (select 1 from hand_overs where connection = 'tool' and (owed is not null or batch_id is not null)) as open`;
    return row?.open === false;
  });
  const seconds = (performance.now() - began) / 1000;
  const [counted] = await sql<
    { n: number }[]
  >`select count(*)::int as n from hand_over_receipts where outcome = 'done' and act = 'add'`;
  if (counted?.n !== wanted) throw new Error(`${counted?.n} adds have a receipt, not ${wanted}`);
  const bodies = await (await request(`${target}/bodies`)).body.text();
  const path = join(gateway.home, "bodies.ndjson");
  await writeFile(path, bodies);
  await sql.unsafe("create table bench_receipts (like hand_over_receipts including all)");
  const flags = ["--url", gateway.databaseUrl, "--origin", target, "--bodies", path, "--campaign", campaign.id];
  const bare = JSON.parse(await startProgram(["bench/bare/hand-over.ts", ...flags]).ended) as {
    rows: number;
    seconds: number;
  }; // its one line
  if (bare.rows !== wanted) throw new Error(`Bare sent ${bare.rows} adds, not ${wanted}`);
  return { adds: wanted, ours: wanted / seconds, bare: bare.rows / bare.seconds };
}
