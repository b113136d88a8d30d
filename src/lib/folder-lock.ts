import { linkSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConnectionError } from "./errors.ts";

const LOCK_FILE = "kobling.lock";

export interface FolderLock {
  /** Gives the folder back; a second call does nothing. */
  release(): void;
}

/**
 * One process per data folder. A folder whose owner is alive is refused (ConnectionError `folder_locked`, the process id
 * in the context); a lock whose owner is dead is taken over. The lock is a file made by link(2): whole or not there.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, LOCK_FILE);
  const mine = `${process.pid} ${startOf(process.pid) ?? ""}`.trim();
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine);
  try {
    while (!tryLink(draft, path)) {
      const owner = readOwner(path);
      if (owner && isAlive(owner)) throw lockedBy(owner.pid, folder);
      removeIfStill(path, owner);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  let isHeld = true;
  return {
    release() {
      if (!isHeld) return;
      isHeld = false;
      const owner = readOwner(path);
      if (owner?.pid === process.pid) rmSync(path, { force: true });
    },
  };
}

const lockedBy = (pid: number, folder: string) =>
  new ConnectionError(
    "folder_locked",
    `The data folder ${folder} is in use by process ${pid}. Stop that process, or give this one another KOBLING_HOME.`,
    { context: { pid } },
  );

interface Owner {
  readonly pid: number;
  /** When the process started, as the kernel counts: tells a dead owner from another process that got its number. */
  readonly start: string | undefined;
}

function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    const [pid, start] = readFileSync(path, "utf8").trim().split(" ");
    return pid && Number.isInteger(Number(pid)) ? { pid: Number(pid), start } : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Two processes may find the same dead lock at once; only the one that still sees the dead owner removes it. */
function removeIfStill(path: string, dead: Owner | undefined): void {
  const now = readOwner(path);
  if (now?.pid !== dead?.pid || now?.start !== dead?.start) return;
  try {
    unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

function isAlive({ pid, start }: Owner): boolean {
  if (pid === process.pid) return start === startOf(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, "EPERM");
  }
  const startNow = startOf(pid);
  return start === undefined || startNow === undefined || start === startNow;
}

/** Field 22 of /proc/PID/stat; undefined where there is no /proc (macOS). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

const hasCode = (error: unknown, code: string) => error instanceof Error && "code" in error && error.code === code;
