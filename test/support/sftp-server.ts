import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, until } from "../../rig/until.ts";

const run = promisify(execFile);
const SSHD = "/usr/sbin/sshd";
const SERVER = "/usr/lib/openssh/sftp-server";

/** Is there an OpenSSH server on this machine? Tests of it are skipped, and say so, where there is none. */
export const hasSshd = await access(SSHD)
  .then(() => access(SERVER))
  .then(
    () => true,
    () => false,
  );

export interface SftpServer {
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** As `ssh-keygen -lf` shows it. */
  readonly hostKey: string;
  /** Ends the server and its sessions; `start` again on the same port with the same keys. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** An OpenSSH server of this test alone: own port, own keys, for the user that runs the test. */
export async function startSftpServer(): Promise<SftpServer> {
  const home = await mkdtemp(join(tmpdir(), "kobling-sshd-"));
  await chmod(home, 0o700);
  const key = async (name: string): Promise<string> => {
    const path = join(home, name);
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
    return path;
  };
  const [host, client] = [await key("host"), await key("client")];
  await writeFile(join(home, "authorized"), await readFile(`${client}.pub`), { mode: 0o600 });
  await mkdir("/run/sshd", { recursive: true }).catch(() => undefined); // its own need when root; else it does without
  const port = await freePort();
  const config = join(home, "sshd_config");
  await writeFile(
    config,
    [
      ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${host}`, `PidFile ${join(home, "pid")}`],
      ...[`AuthorizedKeysFile ${join(home, "authorized")}`, "StrictModes no", "UsePAM no", "PasswordAuthentication no"],
      ...["PermitRootLogin prohibit-password", `Subsystem sftp ${SERVER}`, "LogLevel ERROR"],
    ].join("\n"),
  );
  const { stdout } = await run("ssh-keygen", ["-lf", `${host}.pub`]);
  let server: ReturnType<typeof spawn> | undefined;
  const start = async (): Promise<void> => {
    const each = spawn(SSHD, ["-D", "-e", "-f", config], { stdio: "ignore" });
    server = each;
    await until("the SSH server answers", 10_000, async () => {
      if (each.exitCode !== null) throw new Error(`sshd ended with ${each.exitCode}`);
      return await run("ssh-keyscan", ["-p", String(port), "127.0.0.1"]).then(
        ({ stdout: keys }) => keys.includes("ed25519"),
        () => false,
      );
    });
  };
  const stop = async (): Promise<void> => {
    const each = server;
    server = undefined;
    if (each?.pid === undefined || each.exitCode !== null) return;
    const ended = once(each, "exit");
    // Its sessions are children of its own, and outlive it.
    const { stdout: sessions } = await run("ps", ["-o", "pid=", "--ppid", String(each.pid)]).catch(() => ({
      stdout: "",
    }));
    each.kill("SIGTERM");
    for (const pid of sessions.split("\n").map(Number)) if (pid > 0) process.kill(pid, "SIGTERM");
    await ended;
  };
  await start();
  return {
    ...{ port, user: userInfo().username, privateKey: await readFile(client, "utf8") },
    hostKey: stdout.split(" ")[1] ?? "",
    ...{ start, stop },
    close: async () => {
      await stop();
      await rm(home, { recursive: true });
    },
  };
}
