/** Time is passed in: nothing that judges reads the system's clock by itself. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Milliseconds of a duration as an operator writes it (`500ms`, `30s`, `10m`, `24h`, `90d`, `2w`); undefined when it is none. */
export function readDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(text.trim());
  if (!match?.[1] || !match[2]) return undefined;
  const unit = match[2] as keyof typeof UNIT_MS; // the pattern names exactly these units
  return Math.round(Number(match[1]) * UNIT_MS[unit]);
}

const copenhagen = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Copenhagen", dateStyle: "short" });

/** The date in Copenhagen, `YYYY-MM-DD`: what "today" means to a Danish company. */
export const copenhagenDay = (now: Date): string => copenhagen.format(now);
