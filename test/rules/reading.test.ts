import { expect, test } from "vitest";
import { type ChangeFacts, claimInterval, judgeReading } from "../../src/rules/reading.ts";
import type { Link } from "../../src/rules/record.ts";
import { link } from "../support/rules-cases.ts";

const pulled: ChangeFacts = {
  counter: null,
  lastDelivery: null,
  remoteVersion: null,
  changedAt: null,
  beganAt: 200,
  receivedAt: 210,
  writeCount: 0,
  hash: "b",
  pushed: false,
};
const pushed: ChangeFacts = { ...pulled, pushed: true, writeCount: null };

interface Known {
  readonly newestHash?: string | null;
  readonly acknowledged?: number;
  readonly outstanding?: number;
}

/** The verdict in a word, with its reason. */
function verdict(own: Partial<Link>, change: Partial<ChangeFacts>, known: Known = {}): string {
  const { newestHash = "a", acknowledged = null, outstanding = null } = known;
  const base = change.pushed === true ? pushed : pulled;
  const judged = judgeReading({ link: link(own), newestHash, acknowledged, outstanding }, { ...base, ...change });
  return judged.verdict === "stale" ? `${judged.why}${judged.readAgain ? " again" : ""}` : judged.verdict;
}

test("R5 a change is a repeat only when it equals the newest one kept: A, B, A are three changes", () => {
  expect(verdict({}, { hash: "a" })).toBe("repeat");
  expect(verdict({}, { hash: "a" }, { newestHash: "b" })).toBe("decide");
  expect(verdict({}, { hash: "a" }, { newestHash: null })).toBe("decide");
});

test("R5 the same content under a new version is kept, because the next write names that version", () => {
  expect(verdict({ remoteVersion: "1" }, { hash: "a", remoteVersion: "1" })).toBe("repeat");
  expect(verdict({ remoteVersion: "1" }, { hash: "a", remoteVersion: "2" })).toBe("decide");
});

test("R6 a reading from before our write, or during one, is not decided but read again", () => {
  expect(verdict({ writeCount: 4 }, { writeCount: 3 })).toBe("R6:before_our_write again");
  expect(verdict({ writeCount: 4 }, { writeCount: 4 })).toBe("decide");
  expect(verdict({ inFlight: true, writeCount: 4 }, { writeCount: 4 })).toBe("R6:in_flight again");
  expect(verdict({ writeCount: 4 }, { writeCount: null })).toBe("decide");
});

test("R6 a version that did not move does not excuse a reading that is older than our write", () => {
  const own = { remoteVersion: "1", writeCount: 4 };
  expect(verdict(own, { remoteVersion: "1", writeCount: 3 })).toBe("R6:before_our_write again");
  expect(verdict({ ...own, inFlight: true }, { remoteVersion: "1", writeCount: 4 })).toBe("R6:in_flight again");
});

test("R6 without a version, a reading whose request began before the last decided one was received is read again", () => {
  expect(verdict({ decidedReceivedAt: 201 }, {})).toBe("R6:begun_before_last_decided again");
  expect(verdict({ decidedReceivedAt: 200 }, {})).toBe("decide");
  expect(verdict({ decidedReceivedAt: 201, remoteVersion: "1" }, { remoteVersion: "2" })).toBe("decide");
});

test("R21 a lower counter is stale, the same one with the same content a repeat, a higher one is decided", () => {
  const own = { counter: 5 };
  expect(verdict(own, { pushed: true, counter: 4 })).toBe("R21:counter");
  expect(verdict(own, { pushed: true, counter: 5, hash: "a" })).toBe("repeat");
  expect(verdict(own, { pushed: true, counter: 5, hash: "b" })).toBe("R21:counter");
  expect(verdict(own, { pushed: true, counter: 6, hash: "a" })).toBe("decide");
});

test("R21 a push that names an older delivery than the newest acknowledged is stale, and one that names the outstanding one is its receipt", () => {
  const known = { acknowledged: 7, outstanding: 9 };
  expect(verdict({}, { pushed: true, counter: 6, lastDelivery: 6 }, known)).toBe("R21:older_delivery");
  expect(verdict({}, { pushed: true, counter: 6, lastDelivery: 7 }, known)).toBe("decide");
  expect(verdict({}, { pushed: true, counter: 6, lastDelivery: 9 }, known)).toBe("receipt");
});

test("R21 a push made while a delivery is out is decided, since its successor carries what was decided", () => {
  const own = { inFlight: true, writeCount: 3, counter: 5 };
  expect(verdict(own, { pushed: true, counter: 6, lastDelivery: 7 }, { acknowledged: 7, outstanding: 9 })).toBe(
    "decide",
  );
});

test("R21 a push with neither counter nor delivery id is only a hint once we have written", () => {
  expect(verdict({ writeCount: 2 }, { pushed: true })).toBe("R21:hint");
  expect(verdict({ writeCount: 2 }, { pushed: true, counter: 1 })).toBe("decide");
  expect(verdict({}, { pushed: true })).toBe("decide");
});

const at = { changedAt: null, beganAt: 200, receivedAt: 210, pushed: false };

test("R3 a claim came to be between the request of the last reading that still had base and this reading", () => {
  expect(claimInterval(at, 90, 0)).toEqual({ from: 90, to: 210 });
  expect(claimInterval(at, null, 0)).toEqual({ from: 0, to: 210 });
});

test("R3 a time that the remote states narrows the interval, corrected by its clock and capped at receipt", () => {
  expect(claimInterval({ ...at, changedAt: 150 }, 90, 0)).toEqual({ from: 150, to: 150 });
  expect(claimInterval({ ...at, changedAt: 250 }, 90, 100)).toEqual({ from: 150, to: 150 });
  expect(claimInterval({ ...at, changedAt: 999 }, 90, 0)).toEqual({ from: 210, to: 210 });
});

test("R3 a stated time from before the last reading that still had base is not this field's, and narrows nothing", () => {
  expect(claimInterval({ ...at, changedAt: 50 }, 90, 0)).toEqual({ from: 90, to: 210 });
});

test("R5 a counting version, or a time of the remote's own, below the newest kept is stale; opaque versions have no order", () => {
  const facts = (known: Partial<Link>) => ({
    link: link(known),
    newestHash: "newest",
    acknowledged: null,
    outstanding: null,
  });
  const told = (more: Partial<ChangeFacts>): ChangeFacts => ({
    counter: null,
    lastDelivery: null,
    remoteVersion: null,
    changedAt: null,
    beganAt: 5_000,
    receivedAt: 5_001,
    writeCount: null,
    hash: "other",
    pushed: false,
    ...more,
  });
  expect(judgeReading(facts({ remoteVersion: "12" }), told({ remoteVersion: "9" }))).toMatchObject({
    verdict: "stale",
    why: "R5:older",
  });
  expect(judgeReading(facts({ remoteVersion: "12" }), told({ remoteVersion: "13" }))).toEqual({ verdict: "decide" });
  expect(judgeReading(facts({ remoteVersion: "b7f" }), told({ remoteVersion: "a01" }))).toEqual({ verdict: "decide" });
  expect(judgeReading(facts({ remoteChangedAt: 4_000 }), told({ changedAt: 3_000 }))).toMatchObject({
    verdict: "stale",
    why: "R5:older",
  });
  expect(judgeReading(facts({ remoteChangedAt: 4_000 }), told({ changedAt: 4_000 }))).toEqual({ verdict: "decide" });
});

test("R21 R27 a state that is known by its counter, and is to be decided all the same, is decided", () => {
  const known = { newestHash: null, acknowledged: 7 };
  expect(verdict({ counter: 5 }, { pushed: true, counter: 5, lastDelivery: 7 }, known)).toBe("decide");
  expect(verdict({ counter: 5 }, { pushed: true, counter: 4, lastDelivery: 7 }, known)).toBe("R21:counter");
  expect(verdict({ counter: 5 }, { pushed: true, counter: 5 }, { newestHash: "a" })).toBe("R21:counter");
});

test("R5 what we asked for after the last decided reading had come is newer, though the remote's clock was set back meanwhile", () => {
  const own = { remoteChangedAt: 9_000, decidedReceivedAt: 200 };
  expect(verdict(own, { changedAt: 3_000 })).toBe("decide");
  expect(verdict(own, { changedAt: 3_000, beganAt: 199 })).toBe("R5:older");
  // A notice with content has no request of ours: it may have been on its way for long.
  expect(verdict(own, { changedAt: 3_000, writeCount: null })).toBe("R5:older");
  expect(verdict({ ...own, remoteVersion: "12" }, { remoteVersion: "9" })).toBe("R5:older");
});
