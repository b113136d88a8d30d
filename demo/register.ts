import { type Child, startChild } from "./child.ts";
import { debitorOf, emneOf } from "./edits.ts";
import type { Player } from "./stage.ts";
import { recordOf, type Stage, seen, settled } from "./stage.ts";

/** The register of companies (CVR), a simulator in a process of its own. */
export interface Register {
  readonly child: Child;
  readonly baseUrl: string;
  readonly user: string;
  readonly password: string;
  put(company: Readonly<Record<string, unknown>>): Promise<void>;
}

export async function startRegister(): Promise<Register> {
  const child = startChild("simulators/directories/main.ts", []);
  // The simulator's own line: it wrote it for whoever starts it.
  const line = JSON.parse(await child.firstLine) as Pick<Register, "baseUrl" | "user" | "password">;
  return {
    ...{ child, ...line },
    async put(company) {
      const answer = await fetch(`${line.baseUrl}/_control/companies`, {
        method: "PUT",
        body: JSON.stringify(company),
      });
      if (!answer.ok) throw new Error(`The register answers ${answer.status} to a company`);
    },
  };
}

const PHONE = "70 55 66 77";

/** A look-up in the register: what differs is proposed, and what a person accepts goes on to both systems. */
export async function lookup(stage: Stage, register: Register, company: Player): Promise<void> {
  const { screen, gateway } = stage;
  const { name, row, debitor } = company;
  const cvr = (row.SE_Nr ?? "").replace(/\D/g, "");
  await register.put({
    cvrNummer: Number(cvr),
    reklamebeskyttet: false,
    telefonNummer: [
      { kontaktoplysning: PHONE, hemmelig: false, periode: { gyldigFra: "2026-01-01", gyldigTil: null } },
    ],
    virksomhedMetadata: { nyesteNavn: { navn: row.Navn }, sammensatStatus: "NORMAL" },
  });
  const entityId = await recordOf(stage, "debitor", debitor);
  screen.line(`${name} is looked up in the register by its CVR number.`);
  const found = await gateway.call("POST", `/v1/kundeemner/${entityId}/lookup`, { connection: "register" });
  const { state, proposals } = found.body as { state?: string; proposals?: readonly number[] };
  if (state !== "taken") return screen.wrong(`The look-up was answered ${found.status}: ${JSON.stringify(found.body)}`);
  const waiting = (await gateway.reviews(`kundeemne=${entityId}&kind=proposal`)).filter(({ id }) =>
    proposals?.includes(id),
  );
  screen.saw(`nothing is written by itself; proposed: ${waiting.map(({ unit }) => unit).join(", ")}`);
  for (const { id, revision } of waiting as readonly { readonly id: number; readonly revision?: number }[]) {
    const decision = { decision: "take_theirs", revision, why: "looked up" };
    const answer = await gateway.call("POST", `/v1/reviews/${id}/decision`, decision);
    if (answer.status !== 200)
      return screen.wrong(`The decision was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  screen.line("A person accepts them.");
  await settled(stage);
  await seen(stage, emneOf(stage, company), { Telefon: PHONE });
  await seen(stage, debitorOf(stage, company), { Telefon: PHONE });
}
