import { PassThrough, Readable } from "node:stream";
import SftpClient from "ssh2-sftp-client";
import { ConnectionError, RetryableError } from "../lib/errors.ts";
import { codeOf, DONE, HALF, type Place } from "./place.ts";
import type { SftpAccount } from "./sftp-settings.ts";

const READY_MS = 20_000;
const KEEPALIVE_MS = 10_000;

/** A folder on an SFTP server, over one connection that is opened at first use and again after it was lost. */
export function sftpPlace(folder: string, given: SftpAccount): Place {
  let open: Promise<SftpClient> | undefined;
  const at = (name: string) => `${folder.replace(/\/+$/, "")}/${name}`;

  const connect = async (): Promise<SftpClient> => {
    const { host, port, user: username, password, privateKey, passphrase, hostKey } = given;
    let shown = "";
    const forget = (): void => {
      open = undefined;
    };
    const client = new SftpClient("kobling", { error: forget, end: forget, close: forget });
    try {
      await client.connect({
        ...{ host, port, username },
        ...(password === undefined ? {} : { password }),
        ...(privateKey === undefined ? {} : { privateKey }),
        ...(passphrase === undefined ? {} : { passphrase }),
        hostHash: "sha256",
        hostVerifier: (digest: string) => {
          shown = `SHA256:${Buffer.from(digest, "hex").toString("base64").replace(/=+$/, "")}`;
          return shown === hostKey;
        },
        ...{ readyTimeout: READY_MS, keepaliveInterval: KEEPALIVE_MS },
      });
      return client;
    } catch (error) {
      forget();
      if (shown !== "" && shown !== hostKey)
        throw new ConnectionError("bad_certificate", "The SFTP server shows another key than the one that is known");
      throw asSftpError(error);
    }
  };
  const use = async <T>(act: (client: SftpClient) => Promise<T>): Promise<T> => {
    open ??= connect();
    const client = await open.catch((error: unknown) => {
      open = undefined;
      throw error;
    });
    try {
      return await act(client);
    } catch (error) {
      throw asSftpError(error);
    }
  };

  return {
    list: () =>
      use(async (client) => {
        const entries = await client.list(folder);
        return entries
          .filter((entry) => entry.type === "-")
          .map(({ name, size, modifyTime }) => ({ name, bytes: size, modifiedMs: modifyTime }));
      }),
    async *read(name) {
      const through = new PassThrough();
      const got = use((client) => client.get(at(name), through));
      got.catch((error: unknown) => through.destroy(error as Error)); // `use` throws errors only
      for await (const chunk of through) yield chunk as Uint8Array; // a stream without encoding gives bytes
      await got;
    },
    readSmall: (name) => use(async (client) => (await client.get(at(name))) as Buffer), // without a target it gives a buffer
    write: (name, bytes) =>
      use(async (client) => {
        await client.put(Buffer.from(bytes), at(`${name}${HALF}`));
        await client.posixRename(at(`${name}${HALF}`), at(name));
      }),
    put: (name, chunks) =>
      use(async (client) => {
        await client.put(Readable.from(chunks), at(`${name}${HALF}`));
        await client.posixRename(at(`${name}${HALF}`), at(name));
      }),
    move: (from, to) =>
      use(async (client) => {
        if ((await client.exists(at(DONE))) === false) await client.mkdir(at(DONE));
        if ((await client.exists(at(from))) !== false) await client.posixRename(at(from), at(to));
      }),
    async close() {
      const client = await open?.catch(() => undefined); // it never came about
      open = undefined;
      await client?.end();
    },
  };
}

/** Who we are is refused, or the folder is: its owner's. All else may be over later. */
function asSftpError(error: unknown): Error {
  if (error instanceof ConnectionError || error instanceof RetryableError) return error;
  const text = error instanceof Error ? error.message : "";
  if (/authentication methods failed|Cannot parse privateKey|passphrase/i.test(text))
    return new ConnectionError("bad_credentials", "The SFTP server does not accept the user");
  const code = codeOf(error);
  if (/No such file|ENOENT/.test(`${text} ${code}`))
    return new ConnectionError("folder_unusable", "The folder of the files is not on the SFTP server");
  if (/Permission denied|EACCES/.test(`${text} ${code}`))
    return new ConnectionError("folder_unusable", "The user may not use the folder of the files on the SFTP server");
  return new RetryableError("unreachable", `The SFTP server cannot be used now: ${code}`);
}
