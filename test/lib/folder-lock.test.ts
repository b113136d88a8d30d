import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFolder } from "../../src/lib/folder-lock.ts";

const module = fileURLToPath(new URL("../../src/lib/folder-lock.ts", import.meta.url));
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kobling-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Another process that takes the lock and keeps it until killed. */
async function startOwner() {
  const program = `
    const { lockFolder } = await import(${JSON.stringify(module)});
    try { lockFolder(${JSON.stringify(folder)}); console.log("held"); } catch (error) { console.log(error.code); }
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  return { child, said: String(said).trim() };
}

test("a folder whose owner is alive is refused, with its process id and a way out", async () => {
  const { child, said } = await startOwner();
  expect(said).toBe("held");
  expect(() => lockFolder(folder)).toThrow(
    expect.objectContaining({ name: "ConnectionError", code: "folder_locked", context: { pid: child.pid } }),
  );
  expect(() => lockFolder(folder)).toThrow(/KOBLING_HOME/);
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("the lock of a dead owner is taken over", async () => {
  const { child } = await startOwner();
  child.kill("SIGKILL");
  await once(child, "exit");
  const lock = lockFolder(folder);
  const { child: second, said } = await startOwner();
  expect(said).toBe("folder_locked");
  second.kill("SIGKILL");
  lock.release();
});

test("a lock whose number now belongs to another process is taken over", () => {
  writeFileSync(join(folder, "kobling.lock"), "1 999999999999");
  lockFolder(folder).release();
});

test("of many processes that ask at once one gets the folder", async () => {
  const owners = await Promise.all(Array.from({ length: 5 }, startOwner));
  expect(owners.map((owner) => owner.said).sort()).toEqual([
    "folder_locked",
    "folder_locked",
    "folder_locked",
    "folder_locked",
    "held",
  ]);
  for (const { child } of owners) child.kill("SIGKILL");
});

test("a folder that was given back can be locked again", () => {
  const lock = lockFolder(folder);
  lock.release();
  lock.release();
  lockFolder(folder).release();
});
