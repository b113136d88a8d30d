import type { Survivorship } from "../model/field.ts";
import { isCrm, type Lane, type Setter } from "./record.ts";

/** A claim by a lane, as survivorship sees it: the setter it would become. */
export interface Claimant {
  readonly setter: Setter;
  readonly lane: Pick<Lane, "connector" | "rank">;
}

/** Who keeps the value; `held`: a person decides. `rule` names the reason in explain. */
export interface Verdict {
  readonly winner: "theirs" | "ours" | "held";
  readonly rule: string;
}

/** Rank of a ledger setter, for `owner: ledger` among several (domain notes, section a): lower wins. */
export type RankOf = (setter: Setter) => number;

const verdict = (winner: Verdict["winner"], rule: string): Verdict => ({ winner, rule });

function isOwner(owner: "crm" | "ledger", setter: Setter): boolean {
  return owner === "crm" ? isCrm(setter) : setter.kind === "connection" && setter.side === "ledger";
}

/** First place in `order` that names the setter: its connection, `side:connector`, its side. Unnamed ranks last. */
function place(order: readonly string[], setter: Setter, connector: string | undefined): number {
  const side = isCrm(setter) ? "crm" : setter.side;
  const at = order.findIndex(
    (entry) =>
      entry === setter.connection || entry === side || (connector !== undefined && entry === `${side}:${connector}`),
  );
  return at === -1 ? order.length : at;
}

/**
 * The rule that picks the value in force (rule R12). `candidate`: they changed and we did not, where only `owner` and
 * `source_priority` are asked; `clash`: both did.
 */
export function survive(
  mode: "candidate" | "clash",
  survivorship: Survivorship,
  theirs: Claimant,
  ours: Setter | undefined,
  rankOf: RankOf,
  connectorOf: (setter: Setter) => string | undefined,
): Verdict {
  if (ours === undefined) return verdict("theirs", "unset");
  // Whoever derives is nobody: every claim ranks above a derived value (rule R4).
  if (ours.kind === "derived") return verdict("theirs", "derived");
  switch (survivorship.rule) {
    case "owner":
      return byOwner(mode, survivorship, theirs, ours, rankOf);
    case "source_priority": {
      const order = survivorship.order ?? [];
      const their = place(order, theirs.setter, theirs.lane.connector);
      const our = place(order, ours, connectorOf(ours));
      if (their !== our) return verdict(their < our ? "theirs" : "ours", "source_priority");
      if (mode === "candidate") return verdict("theirs", "source_priority");
      return survivorship.then === "owner"
        ? byOwner(mode, survivorship, theirs, ours, rankOf)
        : verdict("held", "source_priority");
    }
    case "most_recent": {
      if (mode === "candidate") return verdict("theirs", "changed");
      if (theirs.setter.from > ours.to) return verdict("theirs", "most_recent");
      if (ours.from > theirs.setter.to) return verdict("ours", "most_recent");
      return survivorship.then === "owner"
        ? byOwner(mode, survivorship, theirs, ours, rankOf)
        : verdict("held", "order_unknown");
    }
    case "manual":
      return mode === "candidate" ? verdict("theirs", "changed") : verdict("held", "manual");
  }
}

function byOwner(
  mode: "candidate" | "clash",
  survivorship: Survivorship,
  theirs: Claimant,
  ours: Setter,
  rankOf: RankOf,
): Verdict {
  const owner = survivorship.owner ?? "crm";
  const theyOwn = isOwner(owner, theirs.setter);
  const weOwn = isOwner(owner, ours);
  if (theyOwn && !weOwn) return verdict("theirs", `owner:${owner}`);
  if (weOwn && !theyOwn) return verdict("ours", `owner:${owner}`);
  if (theyOwn && weOwn && owner === "ledger") {
    const their = theirs.lane.rank;
    const our = rankOf(ours);
    if (their !== our) return verdict(their < our ? "theirs" : "ours", "owner:ledger");
  }
  if (mode === "candidate") return verdict("theirs", "changed");
  return verdict("held", `owner:${owner}`);
}
