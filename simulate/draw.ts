import { type Random, randomFrom } from "./random.ts";
import { columns, KEYS, type Key } from "./remotes/columns.ts";
import { CALLED, REMOTES } from "./remotes/remotes.ts";
import type { Fault, Kill, Meanwhile, RemoteName, Scene, Script, Step } from "./steps.ts";

/** Draws a history: the same seed and number of steps give the same script. */
export function drawScript(seed: string, steps: number): Script {
  const random = randomFrom(`${seed}/${steps}`);
  const scene = drawScene(random);
  const counter = { n: 0 };
  return { seed, scene, steps: Array.from({ length: steps }, () => drawStep(random, counter)) };
}

const CREATING: readonly RemoteName[] = ["crm", "a", "b", "erp"];

function drawScene(random: Random): Scene {
  const companies = 2 + random.below(4);
  const meeting = (): "remote" | "crm" | "ask" =>
    random.weighted([
      [4, "remote"],
      [3, "crm"],
      [1, "ask"],
    ] as const);
  const stand = (): "same" | "other" | "none" =>
    random.weighted([
      [5, "same"],
      [2, "other"],
      [2, "none"],
    ] as const);
  const survivorship: Record<string, Record<string, unknown>> = {};
  const rules = [
    { rule: "owner", owner: "crm" },
    { rule: "owner", owner: "ledger" },
    { rule: "source_priority", order: ["b", "crm", "ledger"] },
    { rule: "most_recent", then: "owner", owner: "crm" },
    { rule: "most_recent", then: "manual" },
    { rule: "manual" },
  ];
  for (const unit of ["firmanavn", "attention", "adresse", "telefon", "ansvarligSaelger"])
    if (random.chance(50)) survivorship[unit] = random.pick(rules);
  const by = <T>(draw: (name: RemoteName) => T): Record<RemoteName, T> =>
    Object.fromEntries(REMOTES.map((name) => [name, draw(name)])) as Record<RemoteName, T>; // one for each name
  const ignores = random.chance(10) ? { ignores: random.pick(["attention", "telefon"]) } : {};
  return {
    companies,
    survivorship,
    firstMeeting: by(meeting),
    createOut: by((name) => CREATING.includes(name) && random.chance(70)),
    stands: by(() => Array.from({ length: companies }, stand)),
    bareAnswers: random.chance(30),
    ...ignores,
    onRemoteEdit: random.chance(30) ? "restore" : "leave",
    reopened: random.chance(60),
    pageSize: random.pick([2, 3, 50]),
  };
}

type Draw = (random: Random, counter: { n: number }) => Step;
const number = (counter: { n: number }): number => {
  counter.n += 1;
  return counter.n;
};
const rarely = (random: Random, percent: number): boolean => random.chance(percent);
const kill = (random: Random): { kill?: Kill } => {
  if (!rarely(random, 4)) return {};
  return { kill: { at: 1 + random.below(random.pick([6, 25, 60])), when: random.pick(["before", "after"] as const) } };
};
const clear = (random: Random, unit: string): { clear?: true } =>
  unit !== "firmanavn" && rarely(random, 8) ? { clear: true } : {};
const lateMs = (random: Random): { lateMs?: number } =>
  rarely(random, 10) ? { lateMs: 1_000 * (1 + random.below(40)) } : {};
const keysAt = (at: RemoteName): readonly Key[] => KEYS.filter((key) => columns[at][key] !== undefined);

const simple: Record<string, Draw> = {
  type: (random, counter) => {
    const at = random.weighted([
      [4, "crm"],
      [4, "a"],
      [4, "b"],
      [1, "dir"],
      [4, "erp"],
    ] as const);
    const unit = random.pick(keysAt(at));
    return {
      n: number(counter),
      do: "type",
      at,
      row: random.below(6),
      unit,
      ...clear(random, unit),
      ...lateMs(random),
    };
  },
  edit: (random, counter) => {
    const unit = random.pick(KEYS);
    return { n: number(counter), do: "edit", record: random.below(6), unit, ...clear(random, unit), ...kill(random) };
  },
  make: (random, counter) =>
    rarely(random, 50)
      ? { n: number(counter), do: "make", record: true, ...kill(random) }
      : { n: number(counter), do: "make", at: random.pick(CREATING), ...lateMs(random) },
  hint: (random, counter) => ({
    n: number(counter),
    do: "hint",
    on: random.pick(["crm", "a", "b"] as const),
    row: random.below(6),
    ...(rarely(random, 30) ? { twice: true } : {}),
    ...kill(random),
  }),
  push: (random, counter) => ({
    n: number(counter),
    do: "push",
    message: rarely(random, 70) ? 0 : random.below(6),
    how: random.weighted([
      [6, "once"],
      [2, "twice"],
      [1, "drop"],
      [3, "all"],
    ] as const),
    ...kill(random),
  }),
  pull: (random, counter) => ({ n: number(counter), do: "pull", limit: random.pick([1, 3, 50]), ...kill(random) }),
  apply: (random, counter) => ({
    n: number(counter),
    do: "apply",
    delivery: rarely(random, 70) ? 0 : random.below(4),
    how: random.weighted([
      [8, "once"],
      [2, "twice"],
      [1, "reject"],
      [1, "retry"],
      [2, "bare"],
    ] as const),
  }),
  receipt: (random, counter) => ({
    n: number(counter),
    do: "receipt",
    receipt: rarely(random, 70) ? 0 : random.below(4),
    how: random.weighted([
      [7, "once"],
      [2, "twice"],
      [1, "drop"],
    ] as const),
    ...kill(random),
  }),
  remove: (random, counter) => ({
    n: number(counter),
    do: "remove",
    at: random.pick(["crm", "a", "b", "erp"] as const),
    row: random.below(6),
  }),
  renumber: (random, counter) => ({
    n: number(counter),
    do: "renumber",
    at: random.pick(["a", "b"] as const),
    row: random.below(6),
  }),
  merge: (random, counter) => ({
    n: number(counter),
    do: "merge",
    at: random.pick(["a", "b", "crm"] as const),
    row: random.below(6),
    other: 1 + random.below(5),
  }),
  unlink: (random, counter) => ({ n: number(counter), do: "unlink", link: random.below(20), ...kill(random) }),
  relink: (random, counter) => ({ n: number(counter), do: "relink", link: random.below(6), ...kill(random) }),
  policy: (random, counter) => ({
    n: number(counter),
    do: "policy",
    record: random.below(6),
    unit: random.pick(["firmanavn", "attention", "adresse", "telefon", "*"]),
    policy: random.pick(["auto", "auto", "auto", "if_empty", "propose", "frozen", "pin"] as const),
    ...(rarely(random, 50) ? { direction: random.pick(["in", "out"] as const) } : {}),
  }),
  flag: (random, counter) => ({ n: number(counter), do: "flag", record: random.below(6), may: rarely(random, 60) }),
  restrict: (random, counter) => ({
    n: number(counter),
    do: "restrict",
    record: random.below(6),
    is: rarely(random, 40),
  }),
  switch: (random, counter) => {
    const on = random.pick(REMOTES);
    const wish =
      on === "dir"
        ? random.pick(["in", "off"] as const)
        : random.weighted([
            [4, "both"],
            [1, "in"],
            [1, "out"],
            [1, "off"],
          ] as const);
    return { n: number(counter), do: "switch", on, wish };
  },
  decide: (random, counter) => ({
    n: number(counter),
    do: "decide",
    review: random.below(8),
    choice: random.below(12),
    ...kill(random),
  }),
  wait: (random, counter) => ({
    n: number(counter),
    do: "wait",
    ms: random.pick([100, 1_000, 6_000, 31_000, 62_000, 125_000, 900_000]),
  }),
  skew: (random, counter) => ({
    n: number(counter),
    do: "skew",
    processMs: random.pick([0, 0, -90_000, 45_000, 3_600_000]),
    remoteMs: random.pick([0, 0, -120_000, 60_000, 7_200_000]),
  }),
  crash: (_random, counter) => ({ n: number(counter), do: "crash" }),
  quiet: (_random, counter) => ({ n: number(counter), do: "quiet" }),
};

const readFaults = ["unavailable", "page_fails", "lost_before", "slow_down"] as const;
const writeFaults = ["lost_before", "lost_after", "lands_late", "unavailable", "slow_down", "rejected"] as const;

/** The faults of a step's calls: a deliver reads and writes, so either kind may strike. */
function faults(random: Random, kinds: readonly Fault["kind"][], percent: number): { faults?: readonly Fault[] } {
  if (!rarely(random, percent)) return {};
  const count = 1 + random.below(2);
  return { faults: Array.from({ length: count }, () => ({ call: random.below(5), kind: random.pick(kinds) })) };
}

function meanwhile(random: Random, counter: { n: number }, percent: number): { meanwhile?: Meanwhile } {
  if (!rarely(random, percent)) return {};
  const draws = [
    simple.type,
    simple.type,
    simple.edit,
    work("deliver"),
    work("poll"),
    simple.push,
    simple.decide,
    simple.hint,
  ] as Draw[];
  const count = 1 + random.below(3);
  return {
    meanwhile: {
      call: random.below(4),
      when: random.pick(["before", "after"] as const),
      steps: Array.from({ length: count }, () => random.pick(draws)(random, counter)),
    },
  };
}

/** Work without anything in between: what happens meanwhile has no meanwhile of its own. */
const work =
  (what: "deliver" | "poll"): Draw =>
  (random, counter) => {
    const on = random.pick(what === "poll" ? CALLED : (["crm", "a", "b"] as const));
    return { n: number(counter), do: what, on, ...faults(random, what === "poll" ? readFaults : writeFaults, 8) };
  };

function drawStep(random: Random, counter: { n: number }): Step {
  const poll: Draw = () => ({
    n: number(counter),
    do: "poll",
    on: random.pick(CALLED),
    ...(rarely(random, 25) ? { reconcile: true } : {}),
    ...faults(random, readFaults, 10),
    ...meanwhile(random, counter, 18),
    ...kill(random),
  });
  const deliver: Draw = () => ({
    n: number(counter),
    do: "deliver",
    on: random.pick(["crm", "a", "b"] as const),
    ...faults(random, writeFaults, 22),
    ...meanwhile(random, counter, 18),
    ...kill(random),
  });
  const snapshot: Draw = () => ({
    n: number(counter),
    do: "snapshot",
    ...(rarely(random, 30)
      ? { meanwhile: [random.pick([simple.type, simple.push, simple.edit] as Draw[])(random, counter)] }
      : {}),
    ...kill(random),
  });
  const ingest: Draw = () => ({ n: number(counter), do: "ingest", on: random.pick(REMOTES), ...kill(random) });
  const of = (name: string): Draw => simple[name] as Draw;
  const draw = random.weighted<Draw>([
    [30, of("type")],
    [12, of("edit")],
    [3, of("make")],
    [28, poll],
    [28, deliver],
    [10, ingest],
    [4, of("hint")],
    [12, of("push")],
    [6, of("pull")],
    [7, of("apply")],
    [7, of("receipt")],
    [2, snapshot],
    [1, of("remove")],
    [1, of("renumber")],
    [1, of("merge")],
    [1, of("unlink")],
    [2, of("relink")],
    [3, of("policy")],
    [1.5, of("flag")],
    [1, of("restrict")],
    [2.5, of("switch")],
    [10, of("decide")],
    [14, of("wait")],
    [1.5, of("skew")],
    [1, of("crash")],
    [0.7, of("quiet")],
  ]);
  return draw(random, counter);
}
