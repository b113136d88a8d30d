import { type Random, randomFrom } from "./random.ts";
import type { Row, Verb } from "./tables.ts";

/** How a rendering fault spells a value. */
export type Spelling = "upper" | "spacedPhone" | "compactPhone" | "cut" | "trim";

/** Everything that can go wrong, or its own way, with one request. */
export type Fault =
  /** Waits before the request is looked at. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Refused unseen: 429 with `retryAfter` (seconds, or a date as text), 500, 503 … */
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: number | string; readonly text?: string }
  /** The connection is reset, before anything is read or after the work is done. */
  | { readonly kind: "reset"; readonly when: "before" | "after" }
  /** The work is done, the answer comes this much later, or never (null). */
  | { readonly kind: "lateAnswer"; readonly ms: number | null }
  /** The answer's head promises the whole body, then the connection ends after this many bytes of it. */
  | { readonly kind: "cutBody"; readonly bytes: number }
  /** Nothing is done and nothing is ever answered. */
  | { readonly kind: "blackHole" }
  | { readonly kind: "wrongContentType"; readonly type: string }
  /** Values are stored (`write`) or only shown (`read`) in the ledger's own spelling. `max` is for `cut`. */
  | {
      readonly kind: "render";
      readonly field: string;
      readonly how: Spelling;
      readonly max?: number;
      readonly at?: "write" | "read";
    }
  /** The field is dropped from the body without a word. */
  | { readonly kind: "ignoreField"; readonly field: string }
  | { readonly kind: "refuseDelete" }
  /** What a POST creates is missing from reads for so long, and from so many reads. */
  | { readonly kind: "showLate"; readonly ms?: number; readonly reads?: number }
  /** A listing shows only its first so many rows; each row is still there by its id. */
  | { readonly kind: "shortList"; readonly rows: number }
  /** Every row that is read has another balance than before. */
  | { readonly kind: "computedDrift"; readonly field?: string }
  /** A person edits the object right before the request is carried out, or right after. */
  | { readonly kind: "personEdits"; readonly fields: Row; readonly when: "before" | "after" };

export type FaultKind = Fault["kind"];
export const FAULT_KINDS = [
  ...(["slow", "status", "reset", "lateAnswer", "cutBody", "blackHole", "wrongContentType"] as const),
  ...(["render", "ignoreField", "refuseDelete", "showLate", "shortList", "computedDrift", "personEdits"] as const),
] satisfies readonly FaultKind[];
type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>;

/** Which requests a fault strikes. What is left out does not matter. */
export interface FaultRule {
  readonly fault: Fault;
  readonly function?: string;
  readonly verb?: Verb;
  readonly id?: string;
  /** The next so many requests that fit; left out: all, until the rule is taken away. */
  readonly times?: number;
  /** Strikes each fitting request with this probability, seeded. */
  readonly probability?: number;
}

export interface ActiveRule {
  readonly id: number;
  readonly rule: FaultRule;
  /** How often it has struck. */
  readonly struck: number;
}

const NONE: readonly Fault[] = [];

/** The rules in force, in the order in which they were set. */
export class Faults {
  #rules: { id: number; rule: FaultRule; struck: number }[] = [];
  #lastId = 0;
  readonly random: Random;

  constructor(seed: number) {
    this.random = randomFrom(seed, "faults");
  }

  add(rule: FaultRule): number {
    this.#lastId += 1;
    this.#rules.push({ id: this.#lastId, rule, struck: 0 });
    return this.#lastId;
  }

  /** Takes one rule away, or all. */
  clear(id?: number): void {
    this.#rules = id === undefined ? [] : this.#rules.filter((each) => each.id !== id);
  }

  /** Rules that can still strike. */
  active(): readonly ActiveRule[] {
    return this.#rules.filter((each) => !isSpent(each)).map((each) => ({ ...each }));
  }

  /** The faults that strike this request; each counts as one of its rule's `times`. */
  strike(name: string, verb: Verb | undefined, id: string): readonly Fault[] {
    if (this.#rules.length === 0) return NONE;
    const struck: Fault[] = [];
    for (const each of this.#rules) {
      const { rule } = each;
      if (rule.function !== undefined && rule.function !== name) continue;
      if (rule.verb !== undefined && rule.verb !== verb) continue;
      if (rule.id !== undefined && rule.id !== id) continue;
      if (rule.probability !== undefined && !this.random.chance(rule.probability)) continue;
      each.struck += 1;
      struck.push(rule.fault);
    }
    this.#rules = this.#rules.filter((each) => !isSpent(each));
    return struck;
  }
}

const isSpent = ({ rule, struck }: { rule: FaultRule; struck: number }): boolean =>
  rule.times !== undefined && struck >= rule.times;

export function findFault<Kind extends FaultKind>(faults: readonly Fault[], kind: Kind): FaultOf<Kind> | undefined {
  return faults.find((fault): fault is FaultOf<Kind> => fault.kind === kind);
}

/** The fields as the renderings among the faults spell them. */
export function render(faults: readonly Fault[], at: "write" | "read", fields: Row): Row {
  const rendered = { ...fields };
  for (const fault of faults) {
    if (fault.kind !== "render" || (fault.at ?? "write") !== at) continue;
    const value = rendered[fault.field];
    if (value !== undefined) rendered[fault.field] = spell(value, fault.how, fault.max ?? value.length);
  }
  return rendered;
}

function spell(value: string, how: Spelling, max: number): string {
  switch (how) {
    case "upper":
      return value.toLocaleUpperCase("da");
    case "cut":
      return value.slice(0, max);
    case "trim":
      return value.trim().replace(/\s+/g, " ");
    case "compactPhone":
      return value.replace(/\s+/g, "");
    case "spacedPhone":
      return value.replace(/\s+/g, "").replace(/(\d{2})(?=(?:\d{2})+$)/g, "$1 ");
  }
}
