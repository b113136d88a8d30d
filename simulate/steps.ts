import type { StoryName, StoryStep } from "./stories/steps.ts";

/** Names of the remotes of a history. `erp` pushes and pulls; the others are called. */
export type RemoteName = "crm" | "a" | "b" | "dir" | "erp";

/** Who acts here in a history. */
export const person = { kind: "person", name: "ada" } as const;

/** What goes wrong at a call: the number of the call within its step, from 0, and how. */
export interface Fault {
  readonly call: number;
  readonly kind:
    | "lost_before" // no answer, and it never arrived
    | "lost_after" // no answer, and it was carried out
    | "lands_late" // no answer; carried out within the remote's longest delay
    | "unavailable"
    | "slow_down"
    | "rejected"
    | "page_fails";
}

/** A process dies at its n-th await of the step: before the call leaves, or after it was carried out. */
export interface Kill {
  readonly at: number;
  readonly when: "before" | "after";
}

/** Other things that happen in the middle of a step, by another process or at the remotes. */
export interface Meanwhile {
  readonly call: number;
  readonly when: "before" | "after";
  readonly steps: readonly Step[];
}

interface Acting {
  readonly faults?: readonly Fault[];
  readonly kill?: Kill;
  readonly meanwhile?: Meanwhile;
}

export type Policy = "auto" | "if_empty" | "propose" | "frozen" | "pin";
export type Wish = "in" | "out" | "both" | "off";

/**
 * One step of a history. Rows, records and cases are named by a number, taken modulo what there is: a step means
 * something whatever the steps before it have done, so that steps can be left out when a history is shrunk.
 */
export type Step = { readonly n: number } & (
  | {
      readonly do: "type";
      readonly at: RemoteName;
      readonly row: number;
      readonly unit: string;
      readonly clear?: boolean;
      readonly lateMs?: number;
    }
  | {
      readonly do: "edit";
      readonly record: number;
      readonly unit: string;
      readonly clear?: boolean;
      readonly kill?: Kill;
    }
  | {
      readonly do: "make";
      readonly record?: true;
      readonly at?: RemoteName;
      readonly lateMs?: number;
      readonly kill?: Kill;
    }
  | ({ readonly do: "poll"; readonly on: RemoteName; readonly reconcile?: boolean } & Acting)
  | ({ readonly do: "deliver"; readonly on: RemoteName } & Acting)
  | ({ readonly do: "ingest"; readonly on: RemoteName } & Acting)
  | {
      readonly do: "hint";
      readonly on: RemoteName;
      readonly row: number;
      readonly twice?: boolean;
      readonly kill?: Kill;
    }
  | {
      readonly do: "push";
      readonly message: number;
      readonly how: "once" | "twice" | "drop" | "all";
      readonly kill?: Kill;
    }
  | { readonly do: "pull"; readonly limit: number; readonly kill?: Kill }
  | { readonly do: "apply"; readonly delivery: number; readonly how: "once" | "twice" | "reject" | "retry" | "bare" }
  | { readonly do: "receipt"; readonly receipt: number; readonly how: "once" | "twice" | "drop"; readonly kill?: Kill }
  | { readonly do: "snapshot"; readonly meanwhile?: readonly Step[]; readonly kill?: Kill }
  | {
      readonly do: "renumber" | "remove" | "merge";
      readonly at: RemoteName;
      readonly row: number;
      readonly other?: number;
    }
  | { readonly do: "unlink"; readonly link: number; readonly kill?: Kill }
  | { readonly do: "relink"; readonly link: number; readonly kill?: Kill }
  | { readonly do: "switch"; readonly on: RemoteName; readonly wish: Wish }
  | {
      readonly do: "policy";
      readonly record: number;
      readonly unit: string;
      readonly policy: Policy;
      readonly direction?: "in" | "out";
    }
  | { readonly do: "flag"; readonly record: number; readonly may: boolean }
  | { readonly do: "restrict"; readonly record: number; readonly is: boolean }
  | { readonly do: "decide"; readonly review: number; readonly choice: number; readonly kill?: Kill }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "skew"; readonly processMs: number; readonly remoteMs: number }
  | { readonly do: "crash" }
  | { readonly do: "quiet" }
  | StoryStep
);

/** How a history begins and what kind of systems it has. */
export interface Scene {
  readonly companies: number;
  readonly survivorship: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly firstMeeting: Readonly<Record<RemoteName, "remote" | "crm" | "ask">>;
  readonly createOut: Readonly<Record<RemoteName, boolean>>;
  /** Where each company stands at the start, by remote; and whether its values differ there. */
  readonly stands: Readonly<Record<RemoteName, readonly ("same" | "other" | "none")[]>>;
  /** Ledger b answers a write without the object. */
  readonly bareAnswers: boolean;
  /** Ledger b takes writes of this unit without effect. */
  readonly ignores?: string;
  readonly onRemoteEdit: "leave" | "restore";
  /** Switches, policies and states are put right before the end. */
  readonly reopened: boolean;
  readonly pageSize: number;
}

export interface Script {
  readonly seed: string;
  readonly scene: Scene;
  /** What it tells besides its base. */
  readonly stories?: readonly StoryName[];
  readonly steps: readonly Step[];
}
