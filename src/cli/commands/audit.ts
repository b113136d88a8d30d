import { defineCommand } from "citty";
import { z } from "zod";
import { refuseUnknown } from "../arguments.ts";
import { gatewayArgs, jsonArg, openGateway } from "../gateway-client.ts";
import { CommandError, type Terminal } from "../terminal.ts";

const verdictSchema = z.looseObject({
  ok: z.boolean(),
  seals: z.number(),
  entries: z.number(),
  versions: z.number(),
  forgotten: z.number(),
  head: z.looseObject({ number: z.number(), hash: z.string() }).nullable(),
  faults: z.array(
    z.looseObject({
      seal: z.number(),
      code: z.string(),
      entityId: z.string().optional(),
      version: z.number().optional(),
    }),
  ),
});

const IN_WORDS: Readonly<Record<string, string>> = {
  missing: "is missing",
  chain: "does not follow the seal before it",
  seal: "was changed",
  entries: "covers requests that were changed or are gone",
  version: "covers a version of a record that was changed",
  versions_gone: "covers versions of records that are gone before their time",
  head: "is not the one that was noted",
};

const verifyArgs = {
  head: { type: "string", description: "A head that was noted earlier", valueHint: "number:hash" },
  ...jsonArg,
  ...gatewayArgs,
} as const;

export const auditCommand = (terminal: Terminal) =>
  defineCommand({
    meta: { name: "kobling audit", description: "The audit log: verify" },
    subCommands: {
      verify: defineCommand({
        meta: { name: "kobling audit verify", description: "Check that nothing in the audit log was changed" },
        args: verifyArgs,
        async run({ args: given }) {
          refuseUnknown(given, verifyArgs, "audit verify");
          const body = given.head === undefined ? {} : { head: readHead(given.head) };
          const verdict = await openGateway(terminal, given).ask(verdictSchema, "POST", "/v1/audit/verify", { body });
          if (given.json) terminal.out(JSON.stringify(verdict, null, 2));
          else tell(terminal, verdict);
          if (!verdict.ok)
            throw new CommandError(
              "The audit log is not as it was written.",
              "Compare with a backup from before; the seals named above say when.",
            );
        },
      }),
    },
  });

function tell(
  terminal: Terminal,
  { seals, entries, versions, forgotten, head, faults }: z.infer<typeof verdictSchema>,
) {
  for (const { seal, code, entityId, version } of faults) {
    const which = entityId === undefined ? "" : ` (${entityId}, version ${version})`;
    terminal.out(`Seal ${seal} ${IN_WORDS[code] ?? code}${which}.`);
  }
  terminal.out(
    `${seals} seals over ${entries} requests; ${versions} versions compared, ${forgotten} of them erased or expired.`,
  );
  if (head !== null) terminal.out(`Head: ${head.number}:${head.hash}`);
}

function readHead(text: string): { number: number; hash: string } {
  const [, number, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined)
    throw new CommandError(`${text} is no head.`, "Give it as an earlier verify printed it: 12:9f86d0…");
  return { number: Number(number), hash };
}
