import type { KoblingConfig } from "../src/config/resolved.ts";
import { KoblingError } from "../src/lib/errors.ts";
import { registerLanes } from "../src/store/lanes.ts";
import { carryOut } from "./acts.ts";
import { VirtualClock } from "./clock.ts";
import type { Coverage } from "./coverage.ts";
import type { Ground } from "./database.ts";
import { readSnapshot, type Snapshot } from "./facts.ts";
import { type Process, startProcess } from "./process.ts";
import { readAll } from "./quiet.ts";
import { asPlanned } from "./remotes/called.ts";
import { objectOf } from "./remotes/columns.ts";
import { Order } from "./remotes/log.ts";
import { CALLED, openRemotes, REMOTES, type Remotes } from "./remotes/remotes.ts";
import type { Meanwhile, RemoteName, Script, Step, Wish } from "./steps.ts";
import { compiledMappings, configOf, connectors, startingWishes } from "./world.ts";

/** An edit by a person here: a value that nobody else types. */
export interface OwnEdit {
  readonly n: number;
  readonly step: number;
  readonly place: number;
  readonly at: number;
  readonly record: string;
  readonly key: string;
  readonly value: string | null;
}

/** What stood when a top-level step began. */
export interface Standing extends Snapshot {
  readonly wishes: Readonly<Record<RemoteName, Wish>>;
  readonly place: number;
  readonly at: number;
}

/** A history being played: the remotes, the processes, and everything that the oracle will ask of the script. */
export class History {
  readonly script: Script;
  readonly ground: Ground;
  readonly coverage: Coverage;
  readonly clock = new VirtualClock();
  readonly order = new Order();
  readonly remotes: Remotes;
  readonly wishes: Record<RemoteName, Wish> = { ...startingWishes };
  readonly edits: OwnEdit[] = [];
  /** By step, what stood at its beginning. */
  readonly standings: Standing[] = [];
  /** Every provenance that was ever shown: a claim that lost stands there with its rule. */
  readonly shownLosers = new Set<string>();
  /** Every value that ever waited in a case: what the same people set later takes its place there (rule R16). */
  readonly shownSides = new Set<string>();
  /** Faults that nobody scripted. */
  readonly faults: string[] = [];
  /** What happened, for a person who reads it. */
  readonly told: string[] = [];
  /** Places at which everything was quiet: what was edited before is settled. */
  readonly quietAt: { readonly place: number; readonly at: number }[] = [];
  /** Company numbers that a person has had made again. */
  readonly anew = new Set<string>();
  /** Rows that were nobody's, by hand, when they were given another id: from then on they are strangers. */
  readonly strangers = new Set<string>();
  /** Records whose ties were cut, made or moved by hand. */
  readonly retied = new Set<string>();
  private config: KoblingConfig;
  private main: Process | undefined;
  private second: Process | undefined;
  private ids = 0;
  private readonly seenProvenance = new Map<string, string>();
  private clockSet = 0;

  constructor(script: Script, ground: Ground, coverage: Coverage) {
    this.script = script;
    this.ground = ground;
    this.coverage = coverage;
    this.remotes = openRemotes(script.scene, this.clock, this.order);
    this.config = configOf(script.scene, this.wishes);
  }

  async open(): Promise<void> {
    this.clock.take();
    await this.ground.empty();
    await this.moved();
    const { deps } = this.process();
    await registerLanes(
      deps.db.sql,
      REMOTES.map((name) => ({
        connection: name,
        connector: this.config.connections[name]?.connector ?? "",
        objects: [
          {
            object: objectOf[name],
            direction: this.wishes[name],
            mappingVersion: deps.mappingOf(name, objectOf[name])?.version ?? "",
          },
        ],
      })),
    );
    await this.ground.sql.unsafe("update lanes set released_in = true, released_out = true");
    await readAll(this);
  }

  async close(): Promise<void> {
    for (const process of [this.main, this.second]) await process?.drop();
    this.clock.release();
  }

  /** The database's clock follows ours. */
  async moved(): Promise<void> {
    if (this.clockSet === this.clock.ms) return;
    this.clockSet = this.clock.ms;
    await this.ground.setNow(this.clock.ms);
  }

  process(): Process {
    this.main ??= this.start();
    return this.main;
  }

  private start(): Process {
    return startProcess({
      url: this.ground.url,
      remotes: this.remotes,
      config: () => this.config,
      connectors,
      mappings: compiledMappings,
      nextId: () => {
        this.ids += 1;
        return this.ids;
      },
      nowMs: () => this.clock.ms,
      note: (point, died) => this.coverage.await(point, died),
    });
  }

  /** As a release leaves it: what was only looked at so far is decided, though its content is known (rule R27). */
  async switch(on: RemoteName, wish: Wish): Promise<void> {
    this.wishes[on] = wish;
    this.config = configOf(this.script.scene, this.wishes);
    await this.ground.sql.unsafe("update links set newest_hash = null where connection = $1", [on]);
  }

  /** The process dies and another takes its place. */
  async restart(): Promise<void> {
    const { main } = this;
    if (main === undefined) return;
    await main.drop();
    await this.ground.gone(main.name);
    this.main = undefined;
  }

  async play(): Promise<void> {
    for (const [at, step] of this.script.steps.entries()) {
      await this.mark(at);
      await this.step(step);
    }
    await this.mark(this.script.steps.length);
  }

  /** Notes what stands when a step begins. */
  async mark(step: number): Promise<void> {
    this.order.step = step;
    this.clock.tick(200);
    this.catchUp();
    await this.moved();
    await this.look(step);
  }

  async look(step: number): Promise<void> {
    const snapshot = await this.noteLosers();
    this.standings[step] = { ...snapshot, wishes: { ...this.wishes }, place: this.order.next(), at: this.clock.ms };
  }

  /** Reads who lost: provenance tells it until the field is next taken, so it is looked at after every act. */
  async noteLosers(): Promise<Snapshot> {
    const snapshot = await readSnapshot(this.ground);
    for (const value of snapshot.sides) this.shownSides.add(value);
    for (const record of snapshot.records.values()) {
      if (this.seenProvenance.get(record.id) === record.provenance) continue;
      this.seenProvenance.set(record.id, record.provenance);
      for (const text of losersOf(record.provenance)) this.shownLosers.add(text);
    }
    return snapshot;
  }

  catchUp(): void {
    for (const name of REMOTES) this.remotes.table(name).catchUp();
  }

  async step(step: Step, isMeanwhile = false): Promise<void> {
    const line = `${isMeanwhile ? "    meanwhile " : ""}${step.n} ${tell(step)}`;
    this.told.push(line);
    if (!isMeanwhile) this.coverage.step(step);
    if ("kill" in step && step.kill !== undefined) this.process().life.begin(step.kill);
    else this.process().life.begin(undefined);
    const process = isMeanwhile ? this.other() : this.process();
    if (isMeanwhile) process.life.begin(undefined);
    const plans = isMeanwhile ? this.savePlans() : undefined;
    this.plan(step);
    const { life } = process;
    const work = carryOut(this, process.deps, step).then(
      (done) => done,
      (error: unknown) => this.failed(step, error),
    );
    const outcome = await Promise.race([work, life.died.then(() => "died")]);
    if (outcome === "died" || life.isDead) {
      this.told.push(`      the process dies at ${life.diedAt}`);
      this.coverage.died(step);
      if (process === this.main) await this.restart();
    } else if (outcome !== undefined) this.told.push(`      ${outcome}`);
    if (plans === undefined) for (const name of CALLED) this.remotes.called[name].begin(asPlanned);
    else plans();
    await this.moved();
    if (isMeanwhile) await this.noteLosers();
  }

  private failed(step: Step, error: unknown): string {
    if (error instanceof KoblingError) return `${error.name} ${error.code}`;
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.faults.push(`step ${step.n} ${step.do}: ${text}\n${error instanceof Error ? error.stack : ""}`);
    return `FAULT ${text}`;
  }

  private other(): Process {
    this.second ??= this.start();
    return this.second;
  }

  private plan(step: Step): void {
    const faults = "faults" in step ? (step.faults ?? []) : [];
    const meanwhile: Meanwhile | undefined = step.do !== "snapshot" && "meanwhile" in step ? step.meanwhile : undefined;
    const target = "on" in step ? step.on : undefined;
    for (const name of CALLED) {
      this.remotes.called[name].begin({
        fault: (call) => {
          if (name !== target) return undefined;
          const fault = faults.find((each) => each.call === call);
          if (fault !== undefined) {
            this.coverage.fault(fault.kind);
            this.told.push(`      call ${call} at ${name}: ${fault.kind}`);
          }
          return fault;
        },
        meanwhile: async (call, when) => {
          if (name !== target || meanwhile === undefined || meanwhile.call !== call || meanwhile.when !== when) return;
          this.coverage.fault(`meanwhile_${when}`);
          for (const each of meanwhile.steps) await this.step(each, true);
        },
        moved: () => this.moved(),
      });
    }
  }

  /** What happens meanwhile has calls of its own. */
  private savePlans(): () => void {
    const before = CALLED.map((name) => ({
      remote: this.remotes.called[name],
      plan: this.remotes.called[name].plan,
      calls: this.remotes.called[name].calls,
    }));
    return () => {
      for (const { remote, plan, calls } of before) {
        remote.plan = plan;
        remote.calls = calls;
      }
    };
  }
}

/** The values that stand as losers in a provenance, as text. */
function losersOf(provenance: string): string[] {
  const read = JSON.parse(provenance) as {
    u?: Record<string, readonly [number, number, string, { value: Record<string, unknown>; rule: string }[]?]>;
  };
  return Object.values(read.u ?? {}).flatMap(([, , , losers]) =>
    (losers ?? []).flatMap((loser) => (loser.rule === "" ? [] : Object.values(loser.value).map(String))),
  );
}

export function tell(step: Step): string {
  const { n: _, do: what, ...rest } = step;
  const short = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`,
  );
  return `${what} ${short.join(" ")}`;
}
