import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { editEntity } from "../../src/pipelines/edit.ts";
import { explain } from "../../src/pipelines/explain.ts";
import { ingest } from "../../src/pipelines/ingest.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { setNow } from "../../src/store/clock.ts";
import { person } from "../support/engine.ts";
import { type Pulled, startPulled } from "../support/pulled.ts";

/** Which rule decides a clash of each field; written again here, the oracle reads no configuration. */
const rules = {
  telefon: { rule: "manual" },
  attention: { rule: "owner", owner: "crm" },
  hjemmeside: { rule: "owner", owner: "ledger" },
  bogholderiEmail: { rule: "most_recent", then: "owner", owner: "crm" },
  ansvarligSaelger: { rule: "most_recent", then: "manual" },
} as const;
type FieldName = keyof typeof rules;
const fields = Object.keys(rules) as FieldName[];

/** In the order of the configuration: among ledgers the first one ranks first. */
const connections = ["erp", "other", "crm"] as const;
type Connection = (typeof connections)[number];
type Who = Connection | "person";

let stage: Pulled;
beforeAll(async () => {
  stage = await startPulled({ erp: {}, other: {}, crm: { side: "crm" } }, { survivorship: { ...rules } });
});

/** A side's claim as the oracle knows it: who said what, and between when and when. */
interface Claim {
  readonly who: Who;
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** Rule R12 for one field, from the written rules alone: what each side last showed, and who has seen our newest value. */
class Oracle {
  inForce: Claim;
  rule = "R7:created";
  losers: { who: Who; value: string; rule: string }[] = [];
  held = false;
  private readonly field: FieldName;
  private changedAt = 0;
  private readonly knows = new Map<Connection, number>(connections.map((each) => [each, 0]));
  private step = 0;

  constructor(field: FieldName, first: Claim) {
    this.field = field;
    this.inForce = first;
  }

  edit(claim: Claim): void {
    this.step += 1;
    if (this.held) return;
    this.set(claim, "API", []);
  }

  claim(claim: Claim & { readonly who: Connection }): void {
    this.step += 1;
    if (this.held) return;
    const clash = this.changedAt > (this.knows.get(claim.who) ?? 0);
    const { winner, why } = this.judge(claim, clash);
    const rule = `R12:${why}`;
    if (winner === "nobody") this.held = true;
    else if (winner === "ours") {
      const others = this.losers.filter((each) => each.who !== claim.who);
      this.losers = [...others, { who: claim.who, value: claim.value, rule }];
    } else {
      const { who, value } = this.inForce;
      this.set(claim, rule, why === "changed" ? [] : [{ who, value, rule }]);
      this.knows.set(claim.who, this.step);
    }
  }

  private set(claim: Claim, rule: string, losers: Oracle["losers"]): void {
    this.inForce = claim;
    this.rule = rule;
    this.losers = losers;
    this.changedAt = this.step;
  }

  private judge(claim: Claim, clash: boolean): { winner: "theirs" | "ours" | "nobody"; why: string } {
    const how = rules[this.field];
    if (how.rule === "owner") return this.owner(claim, clash, how.owner);
    if (!clash) return { winner: "theirs", why: "changed" };
    if (how.rule === "manual") return { winner: "nobody", why: "manual" };
    if (claim.from > this.inForce.to) return { winner: "theirs", why: "most_recent" };
    if (this.inForce.from > claim.to) return { winner: "ours", why: "most_recent" };
    return how.then === "owner" ? this.owner(claim, clash, "crm") : { winner: "nobody", why: "order_unknown" };
  }

  private owner(claim: Claim, clash: boolean, owner: "crm" | "ledger") {
    const side = (who: Who): "crm" | "ledger" => (who === "erp" || who === "other" ? "ledger" : "crm");
    const they = side(claim.who) === owner;
    const we = side(this.inForce.who) === owner;
    const why = `owner:${owner}`;
    if (they !== we) return { winner: they ? ("theirs" as const) : ("ours" as const), why };
    if (they && owner === "ledger" && claim.who !== this.inForce.who)
      return { winner: claim.who === "erp" ? ("theirs" as const) : ("ours" as const), why };
    return clash ? { winner: "nobody" as const, why } : { winner: "theirs" as const, why: "changed" };
  }
}

interface Step {
  readonly who: Who;
  readonly fields: readonly FieldName[];
  /** Where between its last telling and now the remote says that it changed; null: it does not say. */
  readonly stated: number | null;
}

const steps = fc.array(
  fc.record({
    who: fc.constantFrom<Who>("erp", "other", "crm", "person"),
    fields: fc.uniqueArray(fc.constantFrom(...fields), { minLength: 1, maxLength: 3 }),
    stated: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  }) satisfies fc.Arbitrary<Step>,
  { minLength: 2, maxLength: 14 },
);

let histories = 0;
let unique = 0;
let now = Date.parse("2027-01-01T00:00:00Z");

const fresh = (field: FieldName): string => {
  unique += 1;
  if (field === "telefon") return String(20_000_000 + unique);
  return field === "bogholderiEmail" ? `a${unique}@example.dk` : `v${unique}`;
};

/** A number that passes the check of the register: eight digits whose weighted sum is a multiple of eleven. */
function cvrOf(n: number): string {
  const weights = [2, 7, 6, 5, 4, 3, 2];
  for (let digits = 1_000_000 + n * 13; ; digits += 1) {
    const sum = [...String(digits)].reduce((total, digit, at) => total + Number(digit) * (weights[at] ?? 0), 0);
    if (sum % 11 !== 1) return `${digits}${(11 - (sum % 11)) % 11}`;
  }
}

async function tell(who: Connection, externalId: string, data: object, changedAt?: number): Promise<void> {
  const { deps } = stage.engine;
  const stated = changedAt === undefined ? {} : { changedAt: new Date(changedAt).toISOString() };
  await receive(deps, { connection: who, object: "debitor", via: "push" }, [{ externalId, data, ...stated }]);
  await ingest(deps, who);
}

/** Plays a history on one record that three systems show; gives what explain says and what the oracle says. */
async function play(history: readonly Step[]) {
  const { deps } = stage.engine;
  const { sql } = deps.db;
  histories += 1;
  now += 86_400_000;
  await setNow(sql, new Date(now));
  await sql.unsafe("update lanes set first_meetings = 0");
  const externalId = String(histories);
  const shown = Object.fromEntries(fields.map((field) => [field, fresh(field)]));
  const whole = { firmanavn: `Firma ${histories} ApS`, cvrNr: cvrOf(histories), ...shown };
  const truth = new Map<Connection, Record<string, string>>(connections.map((each) => [each, { ...whole }]));
  const told = new Map<Connection, number>();
  for (const connection of connections) {
    await tell(connection, externalId, whole);
    told.set(connection, now);
  }
  const link = await stage.link("erp", externalId);
  const id = String(link.entity_id);
  for (const connection of connections) expect((await stage.link(connection, externalId)).entity_id).toBe(id);
  const oracles = new Map(
    fields.map((field) => [field, new Oracle(field, { who: "erp", value: shown[field] ?? "", from: 0, to: now })]),
  );
  for (const step of history) {
    now += 1_000;
    await setNow(sql, new Date(now));
    const patch = Object.fromEntries(step.fields.map((field) => [field, fresh(field)]));
    if (step.who === "person") {
      await editEntity(deps, { entity: "kundeemne", id, patch, by: person });
      for (const [field, value] of Object.entries(patch))
        oracles.get(field as FieldName)?.edit({ who: "person", value, from: now, to: now });
      continue;
    }
    const { who } = step;
    const before = told.get(who) ?? 0;
    const stated = step.stated === null ? undefined : Math.floor(before + step.stated * (now - before));
    const row = Object.assign(truth.get(who) ?? {}, patch);
    await tell(who, externalId, row, stated);
    const time = stated === undefined ? { from: before, to: now } : { from: stated, to: stated };
    for (const [field, value] of Object.entries(patch)) oracles.get(field as FieldName)?.claim({ who, value, ...time });
    told.set(who, now);
  }
  const explained = await explain(deps, { entity: "kundeemne", id });
  const nameOf = (by: { kind: string; connection?: string }): string => by.connection ?? by.kind;
  return fields.map((field) => {
    const unit = explained?.[field];
    const oracle = oracles.get(field);
    return {
      said: {
        field,
        winner: unit?.setBy === null || unit === undefined ? null : nameOf(unit.setBy),
        value: unit?.value[field],
        rule: unit?.rule,
        losers: unit?.losers.map(({ by, value, rule }) => ({ who: nameOf(by), value: value[field], rule })),
        held: (unit?.held.length ?? 0) > 0,
      },
      oracle: {
        field,
        winner: oracle?.inForce.who,
        value: oracle?.inForce.value,
        rule: oracle?.rule,
        losers: oracle?.losers,
        held: oracle?.held,
      },
    };
  });
}

test("for random histories of one record with three connections, explain names the oracle's winner, rule and losers", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      for (const { said, oracle } of await play(history)) expect(said).toEqual(oracle);
    }),
    { numRuns: 40 },
  );
}, 120_000);
