import { expect, test } from "vitest";
import { coalesce } from "../../src/lib/coalesce.ts";

test("calls while one runs share one more run, and each is answered by a run that began after it", async () => {
  const ends: (() => void)[] = [];
  let began = 0;
  const act = coalesce(async () => {
    began += 1;
    const mine = began;
    await new Promise<void>((done) => ends.push(done));
    return mine;
  });
  const first = act("a");
  const others = [act("a"), act("a"), act("a")];
  expect(began).toBe(1);
  ends.shift()?.();
  expect(await first).toBe(1);
  await expect.poll(() => began).toBe(2);
  const late = act("a");
  ends.shift()?.();
  expect(await Promise.all(others)).toEqual([2, 2, 2]);
  await expect.poll(() => began).toBe(3);
  ends.shift()?.();
  expect(await late).toBe(3);
});

test("keys do not wait for each other", async () => {
  const act = coalesce((key) => (key === "stuck" ? new Promise<string>(() => undefined) : Promise.resolve(key)));
  void act("stuck");
  expect(await act("free")).toBe("free");
});

test("a run that fails fails its own callers only", async () => {
  let n = 0;
  const act = coalesce(async () => {
    n += 1;
    if (n === 1) throw new Error("once");
    return n;
  });
  const [first, second] = await Promise.allSettled([act("a"), act("a")]);
  expect(first).toMatchObject({ status: "rejected" });
  expect(second).toMatchObject({ status: "fulfilled", value: 2 });
});
