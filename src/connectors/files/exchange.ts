import { RejectedError } from "../../lib/errors.ts";
import type { Mapping } from "../../mappings/mapping.ts";
import type { ConnectDeps, Exchange, FileAnswer, WaitingFile } from "../connector.ts";
import { DONE, folderPlace } from "../place.ts";
import { sftpPlace } from "../sftp-place.ts";
import { ANSWERS, answerOf, readAnswer } from "./answers.ts";
import { readName, writeName } from "./names.ts";
import { readRows } from "./rows.ts";
import type { Settings } from "./settings.ts";
import { columnsFor, fileOf, rowFault } from "./write-rows.ts";

const LARGEST_ANSWER = 16 * 1024 * 1024;

/** Files in a folder, here or on an SFTP server: contract and limits in README.md. */
export function filesExchange(settings: Settings, deps: ConnectDeps): Exchange {
  const { folder, sftp, timeZone, format } = settings;
  for (const secret of [sftp?.password, sftp?.privateKey, sftp?.passphrase]) if (secret) deps.secret(secret);
  const place = sftp === undefined ? folderPlace(folder) : sftpPlace(folder, sftp);
  const mappingOf = (object: string): Mapping => {
    const mapping = deps.mappings[object];
    if (mapping === undefined) throw new RejectedError("not_found", `No mapping speaks of ${object}`);
    return mapping;
  };

  return {
    async look() {
      const listed = await place.list();
      const names = new Set(listed.map(({ name }) => name));
      const files: WaitingFile[] = [];
      const answers: FileAnswer[] = [];
      const strangers: string[] = [];
      for (const { name, bytes, modifiedMs } of listed) {
        const end = ANSWERS.find((each) => name.endsWith(each));
        const base = end === undefined ? name : `${name.slice(0, -end.length)}.csv`;
        const read = readName(base, timeZone);
        if (read === undefined || deps.mappings[read.object] === undefined) {
          if (name.endsWith(".csv")) strangers.push(name);
        } else if (end === undefined && read.direction === "in") {
          files.push({ name, object: read.object, order: read.order });
        } else if (end !== undefined && read.direction === "out") {
          // Both: some rows were not taken.
          if (end === ".ok" && names.has(name.replace(/\.ok$/, ".err"))) continue;
          if (bytes > LARGEST_ANSWER) throw new RejectedError("answer_too_large", `The answer ${name} is too large`);
          answers.push(await readAnswer(base, modifiedMs, end, await place.readSmall(name)));
        }
      }
      files.sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));
      answers.sort((a, b) => a.order - b.order);
      return { files, answers, strangers };
    },

    read: ({ name, object }) => readRows(() => place.read(name), settings, mappingOf(object)),

    async acknowledge(name, faults) {
      const { end, bytes } = answerOf(faults);
      await place.write(name.replace(/\.csv$/, end), bytes);
      await place.move(name, `${DONE}/${name}`);
    },

    nameOf: (object, at, number) => writeName(object, at, number, timeZone),
    lineOf: (at) => at + (format.type === "csv" ? 2 : 1),
    columnsOf: (object, row) => columnsFor(row, mappingOf(object).key, settings),
    faultOf: (object, row) => rowFault(row, mappingOf(object).key, settings),
    put: (name, object, rows) => place.write(name, fileOf(rows, mappingOf(object).key, settings)),

    async clear(name) {
      for (const end of [".csv", ...ANSWERS]) {
        const each = name.replace(/\.csv$/, end);
        await place.move(each, `${DONE}/${each}`);
      }
    },

    close: () => place.close(),
  };
}
