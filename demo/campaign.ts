import { type Child, startChild } from "./child.ts";
import type { Known } from "./companies.ts";
import { recordOf, type Stage, settled } from "./stage.ts";
import { until } from "./until.ts";

/** A campaign tool (Mailchimp), a simulator in a process of its own. */
export interface CampaignTool {
  readonly child: Child;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly list: string;
}

export async function startCampaignTool(): Promise<CampaignTool> {
  const child = startChild("simulators/audiences/main.ts", []);
  // The simulator's own line: it wrote it for whoever starts it.
  return { child, ...(JSON.parse(await child.firstLine) as Omit<CampaignTool, "child">) };
}

const WAIT_MS = 60_000;
const LOOK_MS = 300;
const INVITED = 3;

interface Invited {
  readonly name: string;
  readonly id: string;
  readonly person: string;
  readonly email: string;
}

/** A segment is handed to a campaign tool, somebody unsubscribes there, and the Kundeemne shows it. */
export async function campaign(stage: Stage, tool: CampaignTool, used: ReadonlySet<string>): Promise<void> {
  const { screen, gateway } = stage;
  const invited: Invited[] = [];
  for (const company of withContacts(stage, used)) invited.push(await invite(stage, company));
  screen.line(`${invited.map(({ name }) => name).join(", ")} have agreed to newsletters.`);

  const wish = {
    name: "Kunder med samtykke",
    level: "kontaktperson",
    channel: "email",
    filter: "tilladKampagne = true",
  };
  const segment = await made(stage, "/v1/segments", wish);
  const planned = { name: "Efterårsnyt", segment, connections: ["mails"] };
  const id = await made(stage, "/v1/campaigns", planned);
  const { body } = await gateway.call("POST", `/v1/campaigns/${id}/hand-over`);
  const { selected } = body as { selected: number };
  const found = await gateway.call("POST", `/v1/segments/${segment}/run`);
  const { refused } = found.body as { refused: Record<string, number> };
  const others = Object.entries(refused).map(([reason, count]) => `${count} ${reason}`);
  screen.line(`Selected: ${selected}. Refused of those that meet the criterion: ${others.join(", ") || "nobody"}.`);
  if (selected !== INVITED) return screen.wrong(`${INVITED} should be selected`);

  const expected = invited.map(({ email }) => email.toLowerCase()).toSorted();
  await until(
    "every member has a receipt",
    WAIT_MS,
    async () => {
      const { items } = (await gateway.call("GET", `/v1/campaigns/${id}/receipts`)).body as {
        items: readonly object[];
      };
      return items.length === INVITED ? true : undefined;
    },
    LOOK_MS,
  );
  const there = await tagged(tool, planned.name);
  if (there.join() !== expected.join()) return screen.wrong(`The tool has ${there.length} others than were selected`);
  screen.saw(`the tool has exactly those ${INVITED}, each with a receipt`);

  const [gone] = invited;
  if (gone === undefined) throw new Error("Nobody was invited");
  await control(tool, "unsubscribe", { address: gone.email });
  screen.line(
    `The contact of ${gone.name} unsubscribes there, and the tool's webhook says that something has changed.`,
  );
  const notice = await fetch(`${gateway.url}/v1/hooks/mails/optouts`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`kobling:${gateway.adminKey}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({ type: "unsubscribe" }).toString(),
  });
  if (notice.status !== 202) return screen.wrong(`The webhook was answered ${notice.status}`);
  await until(
    "the Kundeemne shows who unsubscribed",
    WAIT_MS,
    async () => {
      const { items } = (await gateway.call("GET", `/v1/kundeemner/${gone.id}/samtykker`)).body as {
        items: readonly { kind: string; source: string | null }[];
      };
      return items[0]?.kind === "withdrawn" && items[0].source === "mails" ? true : undefined;
    },
    LOOK_MS,
  );
  const question = `/v1/kundeemner/${gone.id}/eligibility?channel=email&kontaktpersonId=${gone.person}`;
  const verdict = (await gateway.call("GET", question)).body as { allowed: boolean; reasons: { text: string }[] };
  const campaigns = (await gateway.call("GET", `/v1/kundeemner/${gone.id}/kampagner`)).body as {
    items: readonly { campaign: string; state: string }[];
  };
  const [standing] = campaigns.items;
  if (verdict.allowed || standing?.state !== "opted_out")
    return screen.wrong(`${gone.name} should be opted out and is ${JSON.stringify([verdict, standing])}`);
  screen.saw(
    `the Kundeemne shows it: "${standing.campaign}" opted_out; ${verdict.reasons.map(({ text }) => text).join(" ")}`,
  );
  await settled(stage);
}

/** Companies of the CRM with a contact who has an address of their own, that play no other part. */
function withContacts({ seeded, expected }: Stage, used: ReadonlySet<string>): readonly Known[] {
  const busy = new Set([...used, ...expected.map(({ name }) => name)]);
  const found = seeded.companies.filter(
    ({ name, emne, debitor, contacts }) =>
      !busy.has(name) &&
      emne !== undefined &&
      debitor !== undefined &&
      contacts.some(({ Email }) => /@/.test(Email ?? "")),
  );
  if (found.length < INVITED)
    throw new Error("This seed has too few contacts for the story; choose another with --seed");
  return found.slice(-INVITED);
}

/** The CRM's people have asked, and note the answer with what proves it. */
async function invite(stage: Stage, { name, emne }: Known): Promise<Invited> {
  const { gateway } = stage;
  const id = await recordOf(stage, "kundeemne", emne?.Kontonr ?? "");
  const yesterday = new Date(Date.now() - 24 * 3_600_000).toISOString().slice(0, 10);
  const approved = { tilladKampagne: true, gdprOk: true, gdprDato: yesterday };
  const patched = await gateway.call("PATCH", `/v1/kundeemner/${id}`, approved);
  if (patched.status !== 200) throw new Error(`${name} could not be approved: ${JSON.stringify(patched.body)}`);
  const { items } = (await gateway.call("GET", `/v1/kundeemner/${id}/kontaktpersoner`)).body as {
    items: readonly { email?: string | null; meta: { id: string } }[];
  };
  const contact = items.find(({ email }) => /@/.test(email ?? ""));
  if (contact?.email == null) throw new Error(`${name} has no contact with an address`);
  const person = contact.meta.id;
  const fact = { channel: "email", kind: "given", kontaktpersonId: person, evidence: "newsletter form v3" };
  const noted = await gateway.call("POST", `/v1/kundeemner/${id}/samtykker`, { ...fact, optOutOffered: true });
  if (noted.status !== 201) throw new Error(`The consent of ${name} was answered ${noted.status}`);
  return { name, id, person, email: contact.email };
}

async function made({ gateway }: Stage, path: string, body: object): Promise<string> {
  const answer = await gateway.call("POST", path, body);
  if (answer.status === 201) return (answer.body as { id: string }).id;
  throw new Error(`POST ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

async function control(tool: CampaignTool, what: string, body: object): Promise<void> {
  const answer = await fetch(`${tool.baseUrl}/_control/${what}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`The campaign tool answers ${answer.status}`);
}

async function tagged(tool: CampaignTool, tag: string): Promise<readonly string[]> {
  const answer = await fetch(`${tool.baseUrl}/_control/tagged?${new URLSearchParams({ tag })}`);
  return (await answer.json()) as string[];
}
