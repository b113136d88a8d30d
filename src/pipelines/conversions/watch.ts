import { type Conversion, findConversions } from "../../store/conversions.ts";
import type { Db } from "../../store/database.ts";
import { asError } from "../each.ts";
import { type ConversionStanding, standingsOf } from "./standing.ts";

/** Conversions that callers of this process wait for: all of them are looked at together. */
export interface ConversionWatch {
  /** Where it stands once it runs no more, or after `waitMs`, at most 30 s. Rejects when the database cannot be asked. */
  wait(conversion: Conversion, waitMs: number): Promise<ConversionStanding>;
}

interface Waiting {
  readonly id: number;
  readonly endMs: number;
  readonly told: (standing: ConversionStanding) => void;
  readonly failed: (error: Error) => void;
}

const LONGEST_WAIT_MS = 30_000;
const FIRST_LOOK_MS = 20;
const LOOK_MS = 250;

export function watchConversions(sql: Db): ConversionWatch {
  const waiting = new Set<Waiting>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let everyMs = FIRST_LOOK_MS;

  const lookAfter = (ms: number): void => {
    clearTimeout(timer);
    if (waiting.size > 0 && !isLooking) timer = setTimeout(look, ms);
  };
  async function look(): Promise<void> {
    isLooking = true;
    const looked = [...waiting];
    try {
      const standings = await standingsOf(sql, await findConversions(sql, [...new Set(looked.map(({ id }) => id))]));
      const byId = new Map(standings.map((standing) => [standing.id, standing]));
      for (const each of looked) {
        const standing = byId.get(each.id);
        if (standing === undefined) end(each, () => each.failed(new Error(`Conversion ${each.id} is gone`)));
        else if (standing.state !== "running" || performance.now() >= each.endMs) end(each, () => each.told(standing));
      }
    } catch (error) {
      for (const each of looked) end(each, () => each.failed(asError(error)));
    } finally {
      isLooking = false;
      everyMs = Math.min(LOOK_MS, everyMs * 2);
      const nextEndMs = Math.min(...[...waiting].map((each) => each.endMs - performance.now()));
      lookAfter(Math.max(0, Math.min(everyMs, nextEndMs)));
    }
  }
  const end = (each: Waiting, tell: () => void): void => {
    waiting.delete(each);
    tell();
  };

  return {
    async wait(conversion, waitMs) {
      if (waitMs <= 0) {
        const [standing] = await standingsOf(sql, [conversion]);
        if (standing === undefined) throw new Error(`Conversion ${conversion.id} has no standing`);
        return standing;
      }
      return await new Promise((told, failed) => {
        const endMs = performance.now() + Math.min(waitMs, LONGEST_WAIT_MS);
        waiting.add({ id: conversion.id, endMs, told, failed });
        // Somebody new waits: what is looked at seldom by now is looked at soon again.
        everyMs = FIRST_LOOK_MS;
        lookAfter(FIRST_LOOK_MS);
      });
    },
  };
}
