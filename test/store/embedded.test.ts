import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEmbedded } from "../../src/store/embedded.ts";
import { unenterableParent } from "../../src/store/embedded-user.ts";

const module = fileURLToPath(new URL("../../src/store/embedded.ts", import.meta.url));
let home = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "kobling-embedded-"));
  chmodSync(home, 0o755);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function answer(url: string): Promise<{ encoding: string; database: string }> {
  const sql = postgres(url, { max: 1 });
  try {
    const [row] = await sql<{ encoding: string; database: string }[]>`
      select current_setting('server_encoding') encoding, current_database() as database`;
    if (!row) throw new Error("no row");
    return row;
  } finally {
    await sql.end();
  }
}

test("a first start makes a UTF-8 database, a second start finds what was stored, and its password is kept from others", async () => {
  const first = await startEmbedded(home);
  expect(await answer(first.url)).toEqual({ encoding: "UTF8", database: "kobling" });
  const sql = postgres(first.url, { max: 1 });
  await sql`create table kept as select 'Sønderå' as name`;
  await sql.end();
  await first.stop();
  await first.stop();
  await expect(answer(first.url)).rejects.toThrow();

  const second = await startEmbedded(home);
  const again = postgres(second.url, { max: 1 });
  expect([...(await again`select name from kept`)]).toEqual([{ name: "Sønderå" }]);
  await again.end();
  await second.stop();
  expect(readFileSync(join(home, "postgres.password"), "utf8").length).toBeGreaterThanOrEqual(32);
  await expect(answer(second.url.replace(/:[^:@/]+@/, ":wrong@"))).rejects.toThrow();
});

test("a server that a killed owner left running is taken over and stopped", async () => {
  const program = `
    const { startEmbedded } = await import(${JSON.stringify(module)});
    console.log((await startEmbedded(${JSON.stringify(home)})).port);
    process.stdin.resume();`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = await once(owner.stdout, "data");
  owner.kill("SIGKILL");
  await once(owner, "exit");

  const taken = await startEmbedded(home);
  expect(taken.port).toBe(Number(String(port)));
  expect(await answer(taken.url)).toMatchObject({ database: "kobling" });
  await taken.stop();
  await expect(answer(taken.url)).rejects.toThrow();
});

test("SIGTERM and SIGINT do not stop the server before its owner has finished", async () => {
  const program = `
    const { startEmbedded } = await import(${JSON.stringify(module)});
    const { default: postgres } = await import("postgres");
    const server = await startEmbedded(${JSON.stringify(home)});
    const sql = postgres(server.url, { max: 1 });
    const finish = async (signal) => {
      const [row] = await sql\`select pg_sleep(0.3), 'finished' as word\`;
      await sql.end();
      await server.stop();
      console.log(row.word + " " + signal);
      process.exit(0);
    };
    process.once("SIGINT", () => finish("SIGINT"));
    console.log("ready");
    process.stdin.resume();`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
  await once(owner.stdout, "data");
  process.kill(-(owner.pid ?? Number.NaN), "SIGINT"); // the whole group, as Ctrl-C in a terminal does
  const [said] = await once(owner.stdout, "data");
  expect(String(said).trim()).toBe("finished SIGINT");
});

test("a folder made by another major version is refused with both versions and a way out", async () => {
  mkdirSync(join(home, "postgres"));
  writeFileSync(join(home, "postgres", "PG_VERSION"), "16\n");
  const refused = startEmbedded(home);
  await expect(refused).rejects.toMatchObject({
    name: "ConnectionError",
    code: "folder_unusable",
    context: { found: "16", ours: "18" },
  });
  await expect(refused).rejects.toThrow(/pg_dump|DATABASE_URL/);
});

test("the folder that keeps user postgres from its data is named: the topmost one", () => {
  const closed = join(home, "closed");
  mkdirSync(join(closed, "deeper"), { recursive: true, mode: 0o700 });
  const stranger = { uid: 64_321, gid: 64_321 };
  expect(unenterableParent(join(closed, "deeper", "data"), stranger)).toBe(closed);
  chmodSync(closed, 0o711);
  chmodSync(join(closed, "deeper"), 0o711);
  expect(unenterableParent(join(closed, "deeper", "data"), stranger)).toBeUndefined();
});
