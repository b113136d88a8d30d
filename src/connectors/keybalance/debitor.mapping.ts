import { defineMapping } from "../../mappings/mapping.ts";
import { balanceRemotes, delivery, financeOnCreate, masterData, primaryContact } from "./master-data.ts";

export const debitorMapping = defineMapping({
  object: "debitor",
  remote: "Debitorer",
  as: "kundeemne",
  key: "Kontonr",
  fields: [
    ...masterData,
    ...primaryContact,
    ...financeOnCreate,
    { field: "bogfoeringsgruppeDeb", remote: "Gruppe", write: "on_create" },
    { field: "betalingsbetingelser", remote: "BetBet", write: "on_create" },
    {
      fields: ["saldoDeb.beloeb", "saldoDeb.valuta"],
      remote: balanceRemotes,
      as: "balance",
      direction: "in",
    },
    { field: "eanLokationsnr", remote: "EAN", match: "gln" },
    { field: "kreditMax", remote: "KreditMax", direction: "in" },
    ...delivery,
  ],
});
