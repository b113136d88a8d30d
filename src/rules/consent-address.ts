import { addressKey } from "../danish/address.ts";
import { emailAddressKey } from "../danish/email-domain.ts";
import { phoneKey } from "../danish/phone.ts";
import type { Values } from "../model/catalogue.ts";
import type { Channel } from "./consent-facts.ts";

/** An address of a channel in the form in which addresses are compared; null: it is none. */
export function consentAddress(channel: Channel, text: string): string | null {
  const given = text.trim();
  if (given === "") return null;
  switch (channel) {
    case "email":
      return /^[^\s@]+@[^\s@]+$/.test(given) ? emailAddressKey(given) : null;
    case "sms":
    case "phone":
    case "automatic_call":
    case "fax": {
      const key = phoneKey(given);
      return key.startsWith("+") ? key : null;
    }
    case "push":
      return given;
    case "letter":
      return given.toLowerCase().replace(/\s+/g, " ");
  }
}

/** Fields of a record and of a contact in which the address of a channel stands. */
export const addressFields = (channel: Channel): readonly string[] =>
  channel === "letter" ? ["adresse1", "postnr", "landekode"] : FIELDS[channel];

/** The address by which a record, or its contact, is reached on a channel, in compared form; null: there is none. */
export function addressOf(channel: Channel, record: Values, contact: Values | undefined): string | null {
  if (channel === "letter")
    return addressKey({
      adresse1: text(record.adresse1),
      postnr: text(record.postnr),
      landekode: text(record.landekode),
    });
  for (const field of FIELDS[channel]) {
    // A company as such has a telephone and nothing else.
    const value = contact === undefined ? (field === "telefon" ? text(record.telefon) : null) : text(contact[field]);
    const found = value === null ? null : consentAddress(channel, value);
    if (found !== null) return found;
  }
  return null;
}

const FIELDS: Readonly<Record<Exclude<Channel, "letter">, readonly string[]>> = {
  email: ["email"],
  sms: ["mobil"],
  push: [],
  automatic_call: ["mobil", "telefon"],
  phone: ["telefon", "mobil"],
  fax: ["fax"],
};

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
