import { chmod, rename } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RetryableError } from "../../src/lib/errors.ts";
import { editEntity } from "../../src/pipelines/edit.ts";
import { exchangeFiles } from "../../src/pipelines/exchange.ts";
import { listKundeemner } from "../../src/store/kundeemner-read.ts";
import { type Engine, person, startEngine } from "../support/engine.ts";
import { type FileDrop, openFileDrop } from "../support/file-drop.ts";
import { hasSshd, type SftpServer, startSftpServer } from "../support/sftp-server.ts";

describe.skipIf(!hasSshd)("against an OpenSSH server (skipped where openssh-server is not installed)", () => {
  let server: SftpServer;
  let drop: FileDrop;
  let engine: Engine | undefined;
  beforeAll(async () => {
    server = await startSftpServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    drop = await openFileDrop();
  });
  afterEach(async () => {
    await engine?.close();
    await drop.close();
  });

  async function open(more: Record<string, unknown> = {}): Promise<Engine> {
    const { port, user, privateKey, hostKey } = server;
    const sftp = { host: "127.0.0.1", port, user, privateKey, hostKey, ...more };
    const started = await startEngine({
      connections: {
        fil: {
          connector: "files",
          settings: { folder: drop.folder, sftp },
          objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } },
        },
      },
    });
    engine = started;
    await started.open("fil", "debitor");
    return started;
  }
  const exchange = async ({ deps, work }: Engine): Promise<void> => {
    await exchangeFiles(deps, "fil");
    await work();
    await exchangeFiles(deps, "fil");
  };
  const records = async ({ deps }: Engine) => {
    const query = { criterion: { and: [] }, sort: { by: "firmanavn", descending: false }, limit: 10 };
    return (await listKundeemner(deps.db.sql, query)).records;
  };

  test("a file is taken, answered and put aside, and an edit goes out whole, answered and cleared", async () => {
    const started = await open();
    const name = await drop.leave("debitor", "20261126180000", ["Kontonr;firmanavn;telefon", "1001;Ærø ApS;33123456"]);
    await exchange(started);
    const [record] = await records(started);
    expect(record?.values).toMatchObject({ firmanavn: "Ærø ApS", telefon: "33123456" });
    expect(await drop.names()).toContain(name.replace(".csv", ".ok"));
    expect(await drop.names()).not.toContain(name);
    const answerAll = async () => {
      const out = (await drop.names()).filter((each) => each.includes("_out_"));
      expect(out.every((each) => each.endsWith(".csv"))).toBe(true);
      const texts = await Promise.all(out.map((each) => drop.text(each)));
      for (const each of out) await drop.answer(each, ".ok", new Date(Date.now() + 60_000));
      await exchange(started);
      return texts.join("\n");
    };
    await answerAll(); // what the gateway knows besides
    await editEntity(started.deps, {
      entity: "kundeemne",
      id: record?.id ?? "",
      patch: { telefon: "44123456" },
      by: person,
    });
    await exchange(started);
    expect(await answerAll()).toContain("44123456");
    expect((await drop.names()).filter((each) => each.includes("_out_"))).toEqual([]);
  });

  test("a server that is away is waited for, and spoken with again when it is back", async () => {
    const started = await open();
    await exchange(started);
    await server.stop();
    try {
      await expect(exchangeFiles(started.deps, "fil")).rejects.toThrow(RetryableError);
    } finally {
      await server.start();
    }
    await drop.leave("debitor", "20261126180000", ["Kontonr;firmanavn", "1001;Ada ApS"]);
    await exchange(started);
    expect((await records(started)).map(({ values }) => values.firmanavn)).toEqual(["Ada ApS"]);
  });

  test.each([
    ["another host key", { hostKey: `SHA256:${"A".repeat(43)}` }, "bad_certificate"],
    ["a user that is not let in", { user: "nobody" }, "bad_credentials"],
  ])("%s stops the connection, and no key or password stands in what is told", async (_title, more, reason) => {
    const started = await open(more);
    await exchangeFiles(started.deps, "fil");
    const { sql } = started.deps.db;
    const [state] = await sql`select row_to_json(c)::text as text, state from connections c where name = 'fil'`;
    expect(state?.state).toBe("stopped");
    expect(state?.text).toContain(reason);
    const [told] = await sql`select json_agg(r)::text as text from reviews r`;
    expect(told?.text).not.toContain("PRIVATE KEY");
  });

  test("a folder that is not on the server, or may not be used, is its owner's", async () => {
    const started = await open();
    await rename(drop.folder, `${drop.folder}-væk`);
    await exchangeFiles(started.deps, "fil");
    await rename(`${drop.folder}-væk`, drop.folder);
    await chmod(drop.folder, 0o700);
    const { sql } = started.deps.db;
    expect(await sql`select reason from reviews where kind = 'alert'`).toEqual([
      { reason: "connection:folder_unusable" },
    ]);
  });
});
