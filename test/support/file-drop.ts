import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import iconv from "iconv-lite";

/** The other side of a folder of files: what a ledger's nightly job does, by hand. */
export interface FileDrop {
  readonly folder: string;
  /** Leaves a file as the contract says: written under another name first. `time`: `20261126183000`. */
  leave(object: string, time: string, lines: readonly string[], encoding?: string): Promise<string>;
  /** Answers a file of the gateway's. `at`: when, by the file's own time. */
  answer(name: string, end: ".ok" | ".err", at: Date, text?: string): Promise<void>;
  /** Names in the folder, without those that are done. */
  names(): Promise<string[]>;
  text(name: string): Promise<string>;
  close(): Promise<void>;
}

export async function openFileDrop(): Promise<FileDrop> {
  const folder = await mkdtemp(join(tmpdir(), "kobling-files-"));
  let left = 0;
  const put = async (name: string, bytes: Uint8Array): Promise<void> => {
    await writeFile(join(folder, `${name}.tmp`), bytes);
    await rename(join(folder, `${name}.tmp`), join(folder, name));
  };
  return {
    folder,
    async leave(object, time, lines, encoding = "utf8") {
      left += 1;
      const name = `${object}_in_${time}_${left}.csv`;
      await put(name, iconv.encode(`${lines.join("\r\n")}\r\n`, encoding));
      return name;
    },
    async answer(name, end, at, text = "") {
      const answer = name.replace(/\.csv$/, end);
      await put(answer, Buffer.from(text));
      await utimes(join(folder, answer), at, at);
    },
    names: async () => (await readdir(folder)).filter((name) => name !== "done").sort(),
    text: (name) => readFile(join(folder, name), "utf8"),
    close: () => rm(folder, { recursive: true }),
  };
}
