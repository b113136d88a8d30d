import { defineMapping } from "../../mappings/mapping.ts";
import { masterData } from "./master-data.ts";

/**
 * KeyBalance's own CRM. Its Kontakt, Mobil, Fax and Email repeat the primary contact, which comes as an object of its own
 * (Kontaktpersoner), so they are not mapped: the object wins (rule R29).
 */
export const kundeemneMapping = defineMapping({
  object: "kundeemne",
  remote: "KundeEmner",
  as: "kundeemne",
  key: "Kontonr",
  fields: [
    { field: "kontonummer", remote: "Kontonr", direction: "in", assignedByRemote: true },
    ...masterData,
    { field: "besoegsadresse.adresse1", remote: "BesoegAdr1" },
    { field: "besoegsadresse.adresse2", remote: "BesoegAdr2" },
    { field: "besoegsadresse.postnr", remote: "BesoegPostNr" },
    { field: "besoegsadresse.bynavn", remote: "BesoegByNavn" },
    { field: "besoegsadresse.landekode", remote: "BesoegLand" },
    { field: "gps.lat", remote: "Lat" },
    { field: "gps.lng", remote: "Lng" },
    { field: "pNumre", remote: "P_Numre" },
    { field: "emailDomaener", remote: "EmailDomaene" },

    { field: "valuta", remote: "Valuta" },
    { field: "standardMoms", remote: "Moms" },
    { field: "bogfoeringsgruppeDeb", remote: "GruppeDeb" },
    { field: "bogfoeringsgruppeKred", remote: "GruppeKred" },
    { field: "betalingsbetingelser", remote: "BetBet" },
    { field: "leveringsbetingelser", remote: "LevBet" },
    { field: "afdelinger", remote: "Afdeling" },
    { field: "eanLokationsnr", remote: "EAN", match: "gln" },

    { field: "emnetyper", remote: "EmneType" },
    { field: "leadkilde", remote: "Leadkilde" },
    { field: "status", remote: "Status" },
    { field: "branche.kode", remote: "Branche" },
    { field: "branche.klassifikation", remote: "BrancheKlass" },
    { field: "maalgrupper", remote: "Maalgruppe" },
    { field: "interessetyper", remote: "Interesser" },
    { field: "kundetype", remote: "Kundetype" },
    { fields: ["antalMedarbejdere.fra", "antalMedarbejdere.til"], remote: "AntalMedarb", as: "interval" },

    { field: "bemaerk1", remote: "Bemaerk1" },
    { field: "bemaerk2", remote: "Bemaerk2" },
    { field: "bemaerk3", remote: "Bemaerk3" },
    { field: "overordnetTekst", remote: "OverordnetTekst" },
    { field: "pakkeinfo", remote: "Pakkeinfo" },
    { field: "pallespecifikation", remote: "Pallespec" },
    { field: "titler", remote: "Titler" },
    { field: "profiler", remote: "Profiler" },

    { field: "tilladKampagne", remote: "TilladKampagne" },
    { field: "gdprOk", remote: "GdprOK" },
    { field: "gdprDato", remote: "GdprDato" },
    { field: "krakId", remote: "KrakId", match: "id" },
    { field: "kobId", remote: "KobId", match: "id" },
    { field: "tdcId", remote: "TdcId", match: "id" },
    { field: "googlePlaceId", remote: "GooglePlaceId", match: "id" },
    { field: "maaOpdateresAutomatisk", remote: "MaaOpdateresAuto" },
  ],
});
