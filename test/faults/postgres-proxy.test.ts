import { connect, type Socket } from "node:net";
import pg from "pg";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PostgresProxy, startPostgresProxy } from "../../faults/postgres-proxy.ts";
import { createTestDatabase } from "../support/database.ts";

const database = await createTestDatabase();
let proxy: PostgresProxy;
let sql: postgres.Sql;

beforeEach(async () => {
  proxy = await startPostgresProxy(database.url);
  sql = postgres(proxy.url, { max: 2, onnotice: () => undefined, backoff: false });
  await database.sql.unsafe("drop table if exists kept; create table kept (n int)");
});

afterEach(async () => {
  await sql.end({ timeout: 1 });
  await proxy.close();
});

const kept = async (): Promise<number[]> =>
  (await database.sql<{ n: number }[]>`select n from kept order by n`).map(({ n }) => n);
const keep = (n: number) => sql.begin((tx) => tx.unsafe("insert into kept values ($1::int)", [n], { prepare: true }));
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
  );
const isCommitOf =
  (part: string) =>
  ({ text, earlier }: { text: string; earlier: readonly string[] }) =>
    text === "commit" && earlier.some((each) => each.includes(part));

test("what nobody stops passes, prepared or not, large or small", async () => {
  const large = "ø".repeat(3_000_000);
  const [row] = await sql`select ${large}::text as text, length(${large}) as n`;
  expect(row?.text === large && row.n === large.length).toBe(true);
  await Promise.all([1, 2, 3, 4].map(keep));
  await keep(5);
  expect(await kept()).toEqual([1, 2, 3, 4, 5]);
});

test("a held COMMIT has not reached the server; when its client dies, it never does", async () => {
  const trap = proxy.hold("statement", isCommitOf("insert into kept"));
  const told = codeOf(keep(1));
  await trap.sprung;
  expect(await kept()).toEqual([]);
  trap.release();
  expect(await told).toBe("done");
  expect(await kept()).toEqual([1]);

  const second = proxy.hold("statement", isCommitOf("insert into kept"));
  const lost = codeOf(keep(2));
  await second.sprung;
  await sql.end({ timeout: 0 });
  await second.clientGone;
  second.release();
  expect(await lost).toBe("CONNECTION_DESTROYED");
  const open = () =>
    database.sql`select 1 from pg_stat_activity where backend_xid is not null and datname = current_database()`;
  await expect.poll(async () => (await open()).length).toBe(0);
  expect(await kept()).toEqual([1]);
});

test("when the answer to a COMMIT is held, the server has committed and the client does not know", async () => {
  const trap = proxy.hold("answer", isCommitOf("insert into kept"));
  let known = false;
  const told = keep(1).then(() => {
    known = true;
  });
  await trap.sprung;
  expect(await kept()).toEqual([1]);
  expect(known).toBe(false);
  trap.release();
  await told;
});

test("a statement can be held by its text, and others pass it by", async () => {
  const trap = proxy.hold("statement", ({ text }) => text.startsWith("insert into kept"));
  const held = keep(1);
  await trap.sprung;
  await keep(2);
  expect(await kept()).toEqual([2]);
  trap.release();
  await held;
  expect(await kept()).toEqual([1, 2]);
});

test("an error put in place of a statement fails its transaction in the server too, and the connection goes on", async () => {
  await keep(1);
  const failing = proxy.fail("53100", "could not extend file: No space left on device", 2, ({ text }) =>
    text.startsWith("insert into kept"),
  );
  expect([await codeOf(keep(2)), await codeOf(keep(3)), await codeOf(keep(4))]).toEqual(["53100", "53100", "done"]);
  expect(failing.struck()).toBe(2);
  expect(await kept()).toEqual([1, 4]);
});

test("a server that goes down says 57P01 to everybody, and a new connection is made", async () => {
  const client = new pg.Client({ connectionString: proxy.url });
  const words: string[] = [];
  client.on("error", (error: Error) => words.push(error.message));
  await client.connect();
  const sleeping = codeOf(client.query("select pg_sleep(30)"));
  const asleep = () => database.sql`select 1 from pg_stat_activity where query like 'select pg_sleep%'`;
  await expect.poll(async () => (await asleep()).length).toBe(1);
  expect(proxy.terminateAll()).toBe(1);
  expect(await sleeping).toBe("57P01");
  await client.end();
  await keep(1);
  expect(await kept()).toEqual([1]);
});

test("a server without room refuses a new connection with 53300, before it asks for a password", async () => {
  proxy.refuse({ code: "53300", message: "sorry, too many clients already" });
  expect(await codeOf(keep(1))).toBe("53300");
  expect(proxy.refused()).toBeGreaterThan(0);
  proxy.refuse(undefined);
  await keep(2);
  expect(await kept()).toEqual([2]);
});

test("raw bytes: encryption is declined with one letter, then the real first message is taken", async () => {
  const { port } = new URL(proxy.url);
  proxy.refuse({ code: "53300", message: "full" });
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(Buffer.from("0000000804d2162f", "hex"));
  expect((await bytesOf(socket)).toString("latin1")).toBe("N");
  socket.write(Buffer.from("00000012000300007573657200610000000000".slice(0, 36), "hex"));
  expect((await bytesOf(socket)).toString("latin1")).toBe("E\0\0\0\x20SFATAL\0VFATAL\0C53300\0Mfull\0\0");
  socket.destroy();
});

test("when the server is gone its clients are cut off, and find it again where it is started next", async () => {
  await keep(1);
  const { port } = new URL(database.url);
  await proxy.pointAt(undefined);
  await expect.poll(() => codeOf(keep(2)), { timeout: 5000 }).toBe("ECONNREFUSED");
  await proxy.pointAt(Number(port));
  await expect.poll(() => codeOf(keep(3)), { timeout: 5000 }).toBe("done");
  expect(await kept()).toEqual([1, 3]);
});

const bytesOf = (socket: Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    socket.once("data", resolve);
    socket.once("error", reject);
  });
