import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Audit, audit } from "./audit.ts";
import { type CampaignTool, campaign, startCampaignTool } from "./campaign.ts";
import { COUNTS, expectedHolds, MISSING, seededCompanies } from "./companies.ts";
import { secretsOf, writeConfig } from "./config-file.ts";
import { behindOurBack, castOf, clash, echo, edits, guardedRecord } from "./edits.ts";
import { type Endings, openEndings } from "./endings.ts";
import { prepareData, previewAll, releaseAll, showNothingWritten } from "./first-meeting.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { driftAndBack, refusedDelete, wrongValues } from "./mishaps.ts";
import { lookup, type Register, startRegister } from "./register.ts";
import { openScreen, type Screen } from "./screen.ts";
import { type Simulator, startSimulator } from "./simulator.ts";
import { reconcile, type Stage } from "./stage.ts";
import { countFaults, type Summary, summarise } from "./summary.ts";

export interface DemoOptions {
  readonly seed: number;
  /** Ends by itself instead of staying up. */
  readonly once: boolean;
  /** Stdout is for the summary; the story goes to stderr. */
  readonly json: boolean;
  readonly stop: AbortSignal;
}

/** Plays the whole story with processes of its own and takes all of them down again. */
export async function playDemo(options: DemoOptions): Promise<{ summary: Summary | undefined; failed: boolean }> {
  const beganAt = Date.now();
  const screen = openScreen(options.json ? process.stderr : process.stdout, beganAt);
  const endings = openEndings();
  const stopped = new Promise<"stopped">((resolve) => {
    if (options.stop.aborted) resolve("stopped");
    options.stop.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  let summary: Summary | undefined;
  try {
    const playing = play(options, screen, endings, beganAt);
    playing.catch(() => undefined); // told below, unless the demo was stopped before
    const played = await Promise.race([playing, stopped]);
    if (played !== "stopped") {
      summary = played;
      if (!options.once) {
        screen.line("Everything stays up. Ctrl-C ends it.");
        await stopped;
      }
    }
  } catch (error) {
    screen.wrong(error instanceof Error ? error.message : String(error));
  } finally {
    await endings.end();
  }
  return { summary, failed: summary === undefined || !summary.ok };
}

async function play({ seed, json }: DemoOptions, screen: Screen, endings: Endings, beganAt: number): Promise<Summary> {
  const seeded = seededCompanies(seed);
  screen.step("A ledger, a CRM, the register of companies and a campaign tool start, each a program of its own");
  const { erp, crm, register, tool } = await startSystems(seed, endings);
  screen.line(`ledger  ${erp.baseUrl}  ${COUNTS.debitorer} debitorer, ${COUNTS.kreditorer} kreditorer`);
  screen.line(`CRM     ${crm.baseUrl}  ${COUNTS.kundeemner} KundeEmner and their contacts`);

  const folder = await mkdtemp(join(tmpdir(), "kobling-demo-"));
  await chmod(folder, 0o755); // the embedded PostgreSQL may run as another user
  await endings.add(() => rm(folder, { recursive: true, force: true }));
  screen.line(`register  ${register.baseUrl}  the companies of CVR`);
  screen.line(`campaign tool  ${tool.baseUrl}`);
  const expected = expectedHolds(seeded.companies);
  const draft = { screen, erp, crm, seeded, expected };
  await prepareData(draft);

  screen.step("The gateway starts, with every direction armed and none released");
  const folders = { home: join(folder, "home"), config: join(folder, "config") };
  await writeConfig(folders.config, { erp, crm, register, tool });
  const gateway = await startGateway(folders, secretsOf({ erp, crm, register, tool }));
  await endings.add(() => gateway.child.stop());
  const stage: Stage = { ...draft, gateway };
  screen.line(`${gateway.url}, its database in a folder that goes away with the demo`);
  await showNothingWritten(stage);

  screen.step("The preview of the first meeting: what a release would do");
  await previewAll(stage);
  screen.step("The release, one object after the other");
  await releaseAll(stage);

  const cast = castOf(stage);
  const [phone, moved, conflict, free, deleted, typed, malformed, hidden, drifting, lookedUp] = cast.plain;
  if (!phone || !moved || !conflict || !free || !deleted || !typed || !malformed || !hidden || !drifting || !lookedUp) {
    throw new Error("The cast is not whole");
  }
  screen.step("Edits on both sides");
  await edits(stage, phone, moved, cast.twice);
  screen.step("An echo: our own write comes back");
  await echo(stage, phone);
  screen.step("A clash: the same field on both sides");
  await clash(stage, conflict);
  screen.step("A record that may not be updated automatically");
  await guardedRecord(stage, free, cast.guarded);
  screen.step("A delete that the ledger refuses");
  await refusedDelete(stage, deleted);
  screen.step("Wrong values");
  await wrongValues(stage, typed, malformed);
  screen.step("A write behind the gateway's back");
  await behindOurBack(stage, hidden);
  screen.step("A look-up in the register of companies");
  await lookup(stage, register, lookedUp);
  screen.step("A campaign: a segment is handed over, and somebody unsubscribes");
  await campaign(stage, tool, new Set([...cast.plain, cast.twice, cast.guarded].map(({ name }) => name)));
  screen.step("Drift: an edit while a connection is paused");
  await driftAndBack(stage, drifting);

  screen.step("The end: both systems are read afresh and compared");
  await reconcile(stage, "erp", "crm");
  const found = await audit(stage);
  for (const fault of found.faults) screen.wrong(fault);
  const runs = await gateway.runs();
  for (const fault of countFaults(runs)) screen.wrong(fault);
  const seconds = Math.round((Date.now() - beganAt) / 100) / 10;
  const summary = summarise(runs, found, { faults: [...screen.faults], seed, seconds });
  showEnd(screen, summary, found, gateway, json);
  return summary;
}

async function startSystems(seed: number, endings: Endings) {
  const { debitorer, kreditorer, kundeemner } = COUNTS;
  const common = { seed, missing: MISSING };
  const start = async (options: Parameters<typeof startSimulator>[0]): Promise<Simulator> => {
    const simulator = await startSimulator(options);
    await endings.add(() => simulator.child.stop());
    return simulator;
  };
  const registered = async (): Promise<Register> => {
    const register = await startRegister();
    await endings.add(() => register.child.stop());
    return register;
  };
  const campaignTool = async (): Promise<CampaignTool> => {
    const tool = await startCampaignTool();
    await endings.add(() => tool.child.stop());
    return tool;
  };
  const [erp, crm, register, tool] = await Promise.all([
    start({ ...common, name: "ledger", functions: ["Debitorer", "Kreditorer"], counts: { debitorer, kreditorer } }),
    start({ ...common, name: "crm", functions: ["KundeEmner", "Kontaktpersoner"], counts: { kundeemner } }),
    registered(),
    campaignTool(),
  ]);
  return { erp, crm, register, tool };
}

function showEnd(screen: Screen, summary: Summary, found: Audit, gateway: Gateway, json: boolean): void {
  const { read, created, linked, updated, unchanged, held, quarantined, withheld, drift, fields } = summary;
  screen.table(
    ["changes read", "created", "linked", "updated", "unchanged", "held", "quarantined"],
    [[read, created, linked, updated, unchanged, held, quarantined]],
  );
  screen.line();
  screen.table(
    ["fields that differ", "held", "quarantined", "withheld", "drift"],
    [[fields.differences, fields.held, fields.quarantined, withheld, drift]],
  );
  screen.line();
  screen.line(
    `${found.shared} rows of the ledger compared with the CRM's; ${fields.spellings} fields are only spelled otherwise.`,
  );
  for (const each of found.drift.slice(0, 10)) screen.line(`drift: ${each.unit} of ${each.rows.join(", ")}`);
  screen.line(
    summary.ok ? "Everything is accounted for." : `${summary.faults.length} things are not as they should be.`,
  );
  screen.line();
  screen.line(`API docs   ${gateway.url}/docs`);
  screen.line(`OpenAPI    ${gateway.url}/openapi.json`);
  if (!json) screen.line(`admin key  ${gateway.adminKey}   (of this demo only)`);
}
