import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { ConnectionError } from "../lib/errors.ts";

const run = promisify(execFile);

/** Whom PostgreSQL runs as when we are root, which it refuses to run as. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** The system's user `postgres`; made when there is none. May run again. */
export async function runPostgresAs(): Promise<SystemUser> {
  const found = await findUser();
  if (found) return found;
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "postgres"]);
  } catch (cause) {
    const message =
      "PostgreSQL cannot run as root, and the user postgres could not be made. Start Kobling as an ordinary user, or set DATABASE_URL.";
    throw new ConnectionError("folder_unusable", message, { cause });
  }
  const made = await findUser();
  if (!made) throw new ConnectionError("folder_unusable", "The user postgres was made but cannot be found");
  return made;
}

async function findUser(): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === 1) return undefined; // id: no such user
    throw error;
  }
}

/** The topmost folder on the way to `path` (itself included) that the user may not enter; undefined when all are open. */
export function unenterableParent(path: string, user: SystemUser): string | undefined {
  const above = dirname(path);
  const blocked = above === path ? undefined : unenterableParent(above, user);
  if (blocked !== undefined) return blocked;
  return existsSync(path) && !mayEnter(path, user) ? path : undefined;
}

function mayEnter(path: string, user: SystemUser): boolean {
  const { mode, uid, gid } = statSync(path);
  if (uid === user.uid) return (mode & 0o100) !== 0;
  if (gid === user.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
