import type { CompiledMapping } from "../../src/mappings/mapping.ts";
import type { Values } from "../../src/model/catalogue.ts";
import { type Settled, settle } from "../../src/rules/answer.ts";
import { applyToEntity, applyToLink } from "../../src/rules/apply.ts";
import { decide } from "../../src/rules/decide.ts";
import type { UnitEffect } from "../../src/rules/decision.ts";
import { lastShown, type Owed, owed } from "../../src/rules/owed.ts";
import { livingImages } from "../../src/rules/own-write.ts";
import type { Entity, Lane, Link, Setter } from "../../src/rules/record.ts";
import { setterOf, versionOf, type World } from "../../src/rules/unit-case.ts";
import { agrees, isEmpty, pick, sameTheirs } from "../../src/rules/unit-values.ts";

/** A remote system of the hub: a table of one row, and how it spells what it is told. */
export interface Station {
  lane: Lane;
  readonly mapping: CompiledMapping;
  /** A write names only the keys of a unit that differ from what was last shown. */
  readonly partial: boolean;
  readonly render: (value: string) => string;
  /** A key whose writes it takes without a word and without effect. */
  readonly ignores: string | undefined;
  remote: Values;
  link: Link;
  lastRead: number;
  /** Edits at the remote that nobody has accounted for yet, by key. */
  readonly unread: Map<string, string>;
  /** A write without an answer: it happens, or not, while the remote is left alone. */
  doubt:
    | { attempt: number; sent: Values; versions: { [unit: string]: number }; lands: boolean; at: number }
    | undefined;
}

export const QUIET = 10;

/**
 * The way through with nothing but the rules: decide, apply, owed, send, settle; remotes in memory, one record, a clock
 * that ticks at every act. Throws as soon as a value that somebody typed is gone without a trace.
 */
export class RulesHub {
  now = 1000;
  writes = 0;
  /** What happened, for a person who reads a counterexample. */
  readonly log: string[] = [];
  readonly stations: Station[];
  entity: Entity;
  private attempts = 0;
  /** Sides of every case, by hold. */
  private readonly cases = new Map<string, Map<number, Values>>();
  private readonly world: Omit<World, "now" | "otherAgrees">;

  constructor(entity: Entity, stations: Station[], world: Omit<World, "now" | "otherAgrees">) {
    this.entity = entity;
    this.stations = stations;
    this.world = world;
  }

  /** Somebody types at the remote. */
  editRemote(n: number, key: string, value: string | null): void {
    const station = this.station(n);
    this.now += 1;
    this.land(station);
    const typed = value === null ? null : station.render(value);
    station.remote = { ...station.remote, [key]: typed };
    if (typed === null) station.unread.delete(key);
    else station.unread.set(key, typed);
    this.log.push(`${n} types ${key}=${typed}`);
  }

  /** Somebody edits here. On a held unit the edit would join the case; it is left out. */
  editOurs(unit: string, write: Values, by: Setter): void {
    this.now += 1;
    if (this.isHeld(unit)) return;
    const at = { ...by, from: this.now, to: this.now };
    this.entity = applyToEntity(this.entity, [{ unit, did: "took", rule: "API", write }], at).entity;
    this.log.push(`we set ${JSON.stringify(write)}`);
  }

  /** A person decides a case: for the first side of a remote, or for ours (rule R16). */
  resolve(unit: string, side: "ours" | "theirs", by: Setter): void {
    for (const hold of Object.keys(this.entity.holds)) {
      if (hold !== unit && !hold.startsWith(`${unit}@`)) continue;
      const claim = [...(this.cases.get(hold)?.values() ?? [])][0];
      this.close(hold);
      if (side === "theirs" && claim !== undefined) this.editOurs(unit, claim, by);
      this.log.push(`${hold} decided for ${side}`);
    }
  }

  /** Reads a remote and decides what it shows. */
  read(n: number): void {
    const station = this.station(n);
    this.now += 1;
    this.judge(station, { ...station.remote }, undefined, false);
    this.log.push(`${n} read`);
  }

  /** Sends what is owed, after a read; the answer may be lost, with or without the write having happened. */
  deliver(n: number, answer: "comes" | "lost_after" | "lost_before" = "comes"): void {
    const station = this.station(n);
    this.now += 1;
    if (station.doubt !== undefined) {
      if (this.now < station.doubt.at + QUIET) return;
      this.land(station);
      const { sent, versions } = station.doubt;
      station.doubt = undefined;
      this.settle(station, sent, versions, "read");
    } else this.judge(station, { ...station.remote }, undefined, false);
    const owes = this.owes(station);
    if (owes.units.length === 0) return;
    const sent: Values = {};
    const versions: { [unit: string]: number } = {};
    for (const unit of owes.units) {
      const mapped = station.mapping.unitByName.get(unit);
      if (mapped === undefined) throw new Error(`${unit} is not mapped`);
      for (const key of mapped.keys) {
        const value = this.entity.values[key] ?? null;
        if (!station.partial || value !== (lastShown(station.link)[key] ?? null)) sent[key] = value;
      }
      versions[unit] = versionOf(this.entity, unit);
    }
    this.attempts += 1;
    const attempt = this.attempts;
    station.link = { ...station.link, images: [...station.link.images, { attempt, values: sent, versions }] };
    this.log.push(`${n} is sent ${JSON.stringify(sent)} (${answer})`);
    if (answer === "comes") {
      this.write(station, sent);
      this.settle(station, sent, versions, "answer");
      return;
    }
    station.doubt = { attempt, sent, versions, lands: answer === "lost_after", at: this.now };
    const until = this.now + 2 * QUIET;
    const images = station.link.images.map((image) => (image.attempt === attempt ? { ...image, until } : image));
    station.link = { ...station.link, images };
  }

  /** Reads and delivers everywhere until nothing is written any more; the number of rounds it took. */
  untilQuiet(most: number): number {
    for (let round = 1; round <= most; round += 1) {
      const before = this.writes;
      for (const n of this.stations.keys()) {
        this.now += 3 * QUIET;
        this.deliver(n);
      }
      for (const n of this.stations.keys()) this.read(n);
      const waits = this.stations.some((station) => station.doubt !== undefined || this.owes(station).units.length > 0);
      if (this.writes === before && !waits) return round;
    }
    throw new Error(`Not quiet after ${most} rounds`);
  }

  /** Units of a remote that neither agree, nor stand as a recorded rendering, nor are held, withheld or left on purpose. */
  drift(n: number): string[] {
    const station = this.station(n);
    const { withheld, left } = this.owes(station);
    return station.mapping.units.flatMap((mapped) => {
      const { unit } = mapped;
      const theirs = pick(mapped.keys, station.remote);
      if (agrees("kundeemne", mapped, theirs, this.entity.values)) return [];
      const isShut = this.entity.state.archived || !station.lane.inbound;
      if (isShut && mapped.keys.some((key) => station.link.seen[key] !== undefined)) return [];
      if (withheld[unit] !== undefined || left[unit] !== undefined || this.isHeld(unit)) return [];
      const rendered = station.link.renderings[unit]?.some(
        (pair) =>
          agrees("kundeemne", mapped, pair.sent, this.entity.values) &&
          sameTheirs("kundeemne", mapped, pair.got, theirs),
      );
      return rendered ? [] : [unit];
    });
  }

  owes(station: Station): Owed {
    return owed(this.entity, station.link, station.lane, station.mapping, this.now);
  }

  /** The story so far and where everything stands, for a person who reads a counterexample. */
  told(): string {
    const ends = this.stations.map(({ lane, remote, link: { base, seen, renderings, decided, decidedVersion } }) =>
      JSON.stringify({ in: lane.inbound, out: lane.outbound, remote, base, seen, renderings, decided, decidedVersion }),
    );
    return [...this.log.slice(-60), JSON.stringify(this.entity), ...ends].join("\n");
  }

  station(n: number): Station {
    const station = this.stations[n];
    if (station === undefined) throw new Error(`No station ${n}`);
    return station;
  }

  isHeld(unit: string): boolean {
    return Object.keys(this.entity.holds).some((hold) => hold === unit || hold.startsWith(`${unit}@`));
  }

  private judge(station: Station, claims: Values, settled: Settled | undefined, confirmed: boolean): void {
    const link = { ...station.link, images: livingImages(station.link.images, this.now) };
    const reading = {
      claims: settled?.rest ?? claims,
      changeId: this.now,
      from: station.lastRead,
      to: this.now,
      receivedAt: this.now,
      whole: true,
      confirmed,
      mapping: "m1",
    };
    const { lane, mapping } = station;
    const otherAgrees = (unit: string, ours: Values): boolean =>
      this.stations.some((other) => {
        const mapped = other.mapping.unitByName.get(unit);
        if (other === station || mapped?.keys.some((key) => other.link.base[key] === undefined) !== false) return false;
        return agrees("kundeemne", mapped, other.link.base, ours);
      });
    const world = { ...this.world, now: this.now, otherAgrees };
    const decision = decide({ entity: this.entity, link, lane, mapping, reading, world, fresh: false });
    if (decision.readAgain !== undefined) {
      this.judge(station, claims, settled, true);
      return;
    }
    const effects = [...(settled?.effects ?? []), ...decision.effects];
    this.entity = applyToEntity(this.entity, effects, setterOf(lane, reading)).entity;
    station.link = applyToLink(link, effects, this.entity);
    station.lastRead = this.now;
    for (const effect of effects) this.account(station, effect);
  }

  private settle(station: Station, sent: Values, versions: { [unit: string]: number }, how: "answer" | "read"): void {
    const before = lastShown(station.link);
    const settled = settle(
      "kundeemne",
      station.link,
      station.mapping,
      { values: sent, versions },
      before,
      station.remote,
      how,
    );
    const images = station.link.images.filter((image) => image.until !== undefined && image.until > this.now);
    station.link = { ...station.link, images };
    this.judge(station, { ...station.remote }, settled, true);
  }

  /** Opens, joins and closes cases, and crosses off the edits that this effect speaks of. */
  private account(station: Station, effect: UnitEffect): void {
    const n = this.stations.indexOf(station);
    this.log.push(`  ${n} ${effect.unit} ${effect.did} ${effect.rule}`);
    if (effect.review !== undefined) {
      const { kind, theirs, close } = effect.review;
      const isMine = this.entity.holds[effect.unit] === undefined && kind === "proposal";
      const hold = isMine ? `${effect.unit}@${station.lane.connection}` : effect.unit;
      const sides = this.cases.get(hold) ?? new Map<number, Values>();
      this.cases.set(hold, sides.set(n, theirs));
      this.entity = { ...this.entity, holds: { ...this.entity.holds, [hold]: 1 } };
      const mapped = station.mapping.unitByName.get(effect.unit);
      const all =
        mapped !== undefined &&
        [...sides.values()].every((side) => agrees("kundeemne", mapped, side, this.entity.values));
      if (close === true && all) this.close(hold);
    }
    const isTold = ["took", "lost", "held", "proposed", "agreed", "rendered"].includes(effect.did);
    if (!isTold && effect.loser === undefined) return;
    const keys = station.mapping.unitByName.get(effect.unit)?.keys ?? [];
    for (const key of keys) if (station.unread.get(key) === station.remote[key]) station.unread.delete(key);
  }

  /** A case is over: base is what each link that is a side of it last showed (rule R16). */
  private close(hold: string): void {
    const sides = this.cases.get(hold);
    const holds = { ...this.entity.holds };
    delete holds[hold];
    this.entity = { ...this.entity, holds };
    this.cases.delete(hold);
    const [unit = ""] = hold.split("@");
    if (this.isHeld(unit)) return;
    for (const [n, station] of this.stations.entries()) {
      if (sides?.has(n) !== true) continue;
      const keys = station.mapping.unitByName.get(unit)?.keys ?? [];
      const base = { ...station.link.base };
      const seen = { ...station.link.seen };
      for (const key of keys) {
        const shown = seen[key];
        if (shown !== undefined) base[key] = shown;
        delete seen[key];
      }
      station.link = { ...station.link, base, seen };
    }
  }

  /** A write whose answer was lost happens now, if it ever does. */
  private land(station: Station): void {
    const { doubt } = station;
    if (doubt === undefined || !doubt.lands) return;
    station.doubt = { ...doubt, lands: false };
    this.write(station, doubt.sent);
  }

  private write(station: Station, sent: Values): void {
    this.writes += 1;
    const remote: Values = { ...station.remote };
    for (const [key, value] of Object.entries(sent)) {
      if (key === station.ignores) continue;
      const typed = station.unread.get(key);
      if (typed !== undefined && !isEmpty(typed) && value !== typed)
        throw new Error(`The edit ${key}=${typed} was overwritten before anybody decided about it`);
      remote[key] = typeof value === "string" ? station.render(value) : (value ?? null);
    }
    station.remote = remote;
  }
}
