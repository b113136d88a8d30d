import { stripVTControlCharacters } from "node:util";
import { type CommandDef, defineCommand, renderUsage, runCommand } from "citty";
import { auditCommand } from "./commands/audit.ts";
import { checkCommand } from "./commands/check.ts";
import { convertCommand } from "./commands/convert.ts";
import { duplicatesCommand } from "./commands/duplicates.ts";
import { explainCommand } from "./commands/explain.ts";
import { importCommand } from "./commands/import.ts";
import { initCommand } from "./commands/init.ts";
import { keysCommand } from "./commands/keys.ts";
import { mergeCommand, unmergeCommand } from "./commands/merge.ts";
import { pauseCommand, resumeCommand } from "./commands/pause.ts";
import { pinCommand, unpinCommand } from "./commands/pin.ts";
import { quarantineCommand } from "./commands/quarantine.ts";
import { releaseCommand } from "./commands/release.ts";
import { reviewCommand } from "./commands/review.ts";
import { startCommand } from "./commands/start.ts";
import { statusCommand } from "./commands/status.ts";
import { syncCommand } from "./commands/sync.ts";
import { undoCommand } from "./commands/undo.ts";
import { CommandError, type Terminal } from "./terminal.ts";

/** Runs one command; gives the exit code. Every refusal is a sentence and a way out, never a stack. */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  const root = commandsOf(terminal);
  try {
    if (words.length === 0 || words.some((word) => word === "--help" || word === "-h")) {
      terminal.out(await usage(root, words));
      return 0;
    }
    await runCommand(root, { rawArgs: [...words] });
    return 0;
  } catch (error) {
    for (const line of inWords(error, words)) terminal.tell(line);
    return 1;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: citty names commands of any arguments so
type AnyCommand = CommandDef<any>;

const commandsOf = (terminal: Terminal): AnyCommand =>
  defineCommand({
    meta: { name: "kobling", description: "Keeps a CRM and its ERP ledgers in agreement" },
    subCommands: {
      init: initCommand(terminal),
      check: checkCommand(terminal),
      start: startCommand(terminal),
      import: importCommand(terminal),
      status: statusCommand(terminal),
      sync: syncCommand(terminal),
      release: releaseCommand(terminal),
      pause: pauseCommand(terminal),
      resume: resumeCommand(terminal),
      review: reviewCommand(terminal),
      pin: pinCommand(terminal),
      unpin: unpinCommand(terminal),
      quarantine: quarantineCommand(terminal),
      explain: explainCommand(terminal),
      convert: convertCommand(terminal),
      undo: undoCommand(terminal),
      merge: mergeCommand(terminal),
      unmerge: unmergeCommand(terminal),
      audit: auditCommand(terminal),
      duplicates: duplicatesCommand(terminal),
      keys: keysCommand(terminal),
    },
  });

/** The help of the command that the words lead to. */
async function usage(root: AnyCommand, words: readonly string[]): Promise<string> {
  let command = root;
  for (const word of words) {
    // Our commands are plain objects, not promises of such.
    const below = command.subCommands as Readonly<Record<string, AnyCommand>> | undefined;
    const next = below?.[word];
    if (next === undefined) break;
    command = next;
  }
  return stripVTControlCharacters(await renderUsage(command)).trimEnd();
}

function inWords(error: unknown, words: readonly string[]): string[] {
  if (error instanceof CommandError) return [`${error.message} ${error.wayOut}`.trim()];
  // The parser's own refusals: a command or a word is missing or unknown.
  if (error instanceof Error && error.name === "CLIError") {
    const sentence = stripVTControlCharacters(error.message).replace(/[.]?$/, ".");
    const isUnknown = "code" in error && error.code === "E_UNKNOWN_COMMAND";
    const known = isUnknown ? words.slice(0, -1).filter((word) => !sentence.includes(word)) : words.slice(0, 1);
    return [`${sentence} See \`${["kobling", ...known.slice(0, 1), "--help"].join(" ")}\`.`];
  }
  return [error instanceof Error ? error.message : String(error)];
}
