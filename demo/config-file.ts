import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CampaignTool } from "./campaign.ts";
import type { Register } from "./register.ts";
import type { Simulator } from "./simulator.ts";

export interface Systems {
  readonly erp: Simulator;
  readonly crm: Simulator;
  readonly register: Register;
  readonly tool: CampaignTool;
}

/**
 * Writes the demo's kobling.yaml: the connections of the README's example, both ways. Polls are far apart since the story
 * asks for its own readings; a process on this machine needs no long waits and no narrow limits.
 */
export async function writeConfig(folder: string, systems: Systems) {
  await mkdir(folder, { recursive: true });
  const object = "direction: both, poll: 10m, reconcile: 12h";
  await writeFile(
    join(folder, "kobling.yaml"),
    `connections:
  erp:
    connector: keybalance
    settings: { baseUrl: "${systems.erp.baseUrl}", token: "\${DEMO_ERP_TOKEN}" }
    limits: { requests: 5000, per: 1s }
    quietMs: 1000
    objects:
      debitor: { ${object}, firstMeeting: remote, create: in }
      kreditor: { ${object}, firstMeeting: remote, create: in }
  crm:
    connector: keybalance
    settings: { baseUrl: "${systems.crm.baseUrl}", token: "\${DEMO_CRM_TOKEN}" }
    side: crm
    limits: { requests: 5000, per: 1s }
    quietMs: 1000
    objects:
      kundeemne: { ${object}, firstMeeting: crm, create: both }
      kontaktperson: { ${object}, firstMeeting: crm, create: both }
  register:
    connector: cvr
    settings: { baseUrl: "${systems.register.baseUrl}", user: "${systems.register.user}", password: "\${DEMO_CVR_PASSWORD}" }
    objects:
      virksomhed: { direction: in }
  mails:
    connector: mailchimp
    settings: { baseUrl: "${systems.tool.baseUrl}/3.0", list: "${systems.tool.list}", apiKey: "\${DEMO_MAILS_KEY}" }
survivorship:
  telefon: { rule: most_recent, then: manual }
  registration: { rule: manual }
`,
  );
}

/** The secrets that the file names, for the environment. */
export const secretsOf = (systems: Systems) => ({
  DEMO_ERP_TOKEN: systems.erp.token,
  DEMO_CRM_TOKEN: systems.crm.token,
  DEMO_CVR_PASSWORD: systems.register.password,
  DEMO_MAILS_KEY: systems.tool.apiKey,
});
