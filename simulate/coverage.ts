import type { Step } from "./steps.ts";

/** How often what was reached. Counts add up over histories and workers. */
export class Coverage {
  readonly awaits = new Map<string, number>();
  readonly deaths = new Map<string, number>();
  /** Histories in which each kind of fault struck. */
  readonly faults = new Map<string, number>();
  readonly rules = new Map<string, number>();
  private struck = new Set<string>();
  private readonly decided = new Map<string, number>();

  await(point: string, died: boolean): void {
    add(died ? this.deaths : this.awaits, point);
  }

  fault(kind: string): void {
    this.struck.add(kind);
  }

  step(step: Step): void {
    for (const kind of faultsOf(step)) this.struck.add(kind);
  }

  died(_step: Step): void {
    this.struck.add("process_dies");
  }

  rule(name: string): void {
    add(this.decided, name);
  }

  /** A history is over: what was decided in it counts for every kind of fault that struck it. */
  next(): void {
    for (const kind of this.struck) add(this.faults, kind);
    for (const [rule, count] of this.decided) {
      add(this.rules, rule, count);
      for (const kind of this.struck) add(this.rules, `${rule} | ${kind}`, count);
    }
    this.struck = new Set();
    this.decided.clear();
  }

  /** As plain data, for another process. */
  counts(): Counts {
    return {
      awaits: [...this.awaits],
      deaths: [...this.deaths],
      faults: [...this.faults],
      rules: [...this.rules],
    };
  }

  add(counts: Counts): void {
    for (const name of ["awaits", "deaths", "faults", "rules"] as const)
      for (const [key, count] of counts[name]) add(this[name], key, count);
  }
}

type Pairs = readonly (readonly [name: string, count: number])[];
export interface Counts {
  readonly awaits: Pairs;
  readonly deaths: Pairs;
  readonly faults: Pairs;
  readonly rules: Pairs;
}

const add = (counts: Map<string, number>, name: string, more = 1): void => {
  counts.set(name, (counts.get(name) ?? 0) + more);
};

/** Kinds of trouble that a step is by itself. */
function faultsOf(step: Step): string[] {
  switch (step.do) {
    case "push":
      return step.how === "twice"
        ? ["doubled"]
        : step.how === "drop"
          ? ["dropped"]
          : step.message > 0
            ? ["reordered"]
            : [];
    case "apply":
    case "receipt":
      return step.how === "twice" ? ["doubled"] : step.how === "drop" ? ["dropped"] : [];
    case "hint":
      return step.twice === true ? ["doubled"] : [];
    case "type":
    case "make":
      return step.lateMs === undefined ? [] : ["late_commit"];
    case "renumber":
    case "merge":
    case "remove":
    case "unlink":
    case "relink":
    case "switch":
    case "policy":
    case "flag":
    case "restrict":
    case "skew":
    case "decide":
    case "join":
    case "part":
      return [step.do];
    default:
      return [];
  }
}
