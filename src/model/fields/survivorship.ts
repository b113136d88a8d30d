import type { Survivorship } from "../field.ts";

/** The default owners of the domain notes (section a), as survivorship. Configuration may say otherwise per field. */
export const crm: Survivorship = { rule: "owner", owner: "crm" };
export const erp: Survivorship = { rule: "owner", owner: "ledger" };
export const register: Survivorship = { rule: "source_priority", order: ["directory:cvr", "crm", "ledger"] };
export const manual: Survivorship = { rule: "manual" };
export const recent: Survivorship = { rule: "most_recent", then: "manual" };
