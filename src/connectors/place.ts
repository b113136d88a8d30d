import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConnectionError, RetryableError } from "../lib/errors.ts";

/** A folder, wherever it is. Names are names of files in it, or `done/NAME`. */
export interface Place {
  list(): Promise<readonly { readonly name: string; readonly bytes: number; readonly modifiedMs: number }[]>;
  read(name: string): AsyncIterable<Uint8Array>;
  readSmall(name: string): Promise<Uint8Array>;
  /** Writes a file under another name and gives it its own when it is whole; one that is there is replaced. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** The same, chunk by chunk. */
  put(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Does nothing when there is no such file: it was taken away before. */
  move(from: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** Where files go that are dealt with. */
export const DONE = "done";
/** What a file is called that is not whole yet. */
export const HALF = ".tmp";

/** A folder on this machine. */
export function folderPlace(folder: string): Place {
  const at = (name: string) => join(folder, name);
  return {
    list: () =>
      told(async () => {
        const entries = await readdir(folder, { withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile());
        const found = await Promise.all(
          files.map(async ({ name }) => {
            const { size, mtimeMs } = await stat(at(name));
            return { name, bytes: size, modifiedMs: Math.floor(mtimeMs) };
          }),
        );
        return found;
      }),
    async *read(name) {
      const stream = createReadStream(at(name));
      try {
        for await (const chunk of stream) yield chunk as Uint8Array; // a stream without encoding gives bytes
      } catch (error) {
        throw asPlaceError(error);
      } finally {
        stream.destroy();
      }
    },
    readSmall: (name) => told(() => readFile(at(name))),
    write: (name, bytes) =>
      told(async () => {
        const file = await open(at(`${name}${HALF}`), "w");
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(at(`${name}${HALF}`), at(name));
      }),
    async put(name, chunks) {
      const file = await told(() => open(at(`${name}${HALF}`), "w"));
      try {
        // What the chunks' own maker throws is no fault of the folder.
        for await (const chunk of chunks) await told(() => file.write(chunk));
        await told(() => file.sync());
      } finally {
        await file.close();
      }
      await told(() => rename(at(`${name}${HALF}`), at(name)));
    },
    move: (from, to) =>
      told(async () => {
        await mkdir(at(DONE), { recursive: true });
        await rename(at(from), at(to)).catch(async (error: unknown) => {
          if (codeOf(error) !== "ENOENT") throw error; // it was moved before
        });
      }),
    close: async () => undefined,
  };
}

async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asPlaceError(error);
  }
}

const OWNERS: ReadonlySet<string> = new Set(["ENOENT", "EACCES", "EPERM", "EROFS", "ENOTDIR"]);

/** A folder that is missing or shut is its owner's; a full disk may be over later. */
function asPlaceError(error: unknown): Error {
  const code = codeOf(error);
  if (OWNERS.has(code))
    return new ConnectionError("folder_unusable", `The folder of the files cannot be used: ${code}`);
  return new RetryableError("unavailable", `The folder of the files cannot be used now: ${code}`, { cause: error });
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "fault";
