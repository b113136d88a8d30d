import { open, readFile } from "node:fs/promises";

/** Lines that are only ever added to, safe on disk when `append` returns. */
export interface AppendFile {
  append(line: string): Promise<void>;
  /** Lines, oldest first; a last one that was cut off by a crash is left out. */
  read(): Promise<string[]>;
}

/** Readable by its owner only; made at the first line. */
export function appendFile(path: string): AppendFile {
  return {
    async append(line) {
      const file = await open(path, "a", 0o600);
      try {
        await file.write(`${line}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
    async read() {
      const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return "";
        throw error;
      });
      return text
        .split("\n")
        .slice(0, -1)
        .filter((line) => line !== "");
    },
  };
}
