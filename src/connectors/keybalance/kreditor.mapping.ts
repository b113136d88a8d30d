import { defineMapping } from "../../mappings/mapping.ts";
import { balanceRemotes, delivery, financeOnCreate, masterData, primaryContact } from "./master-data.ts";

export const kreditorMapping = defineMapping({
  object: "kreditor",
  remote: "Kreditorer",
  as: "kundeemne",
  key: "Kontonr",
  fields: [
    ...masterData,
    ...primaryContact,
    ...financeOnCreate,
    { field: "bogfoeringsgruppeKred", remote: "Gruppe", write: "on_create" },
    // What we owe our supplier is agreed apart from what our customer owes us: given along once, never taken back.
    { field: "betalingsbetingelser", remote: "BetBet", direction: "out", write: "on_create" },
    {
      fields: ["saldoKred.beloeb", "saldoKred.valuta"],
      remote: balanceRemotes,
      as: "balance",
      direction: "in",
    },
    ...delivery,
  ],
});
