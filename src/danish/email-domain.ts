import { domainToASCII } from "node:url";
// A list that its author publishes anew every month from the lists behind it, as data alone: nothing is fetched at install.
import providers from "email-providers/all.json" with { type: "json" };
import { getDomain } from "tldts";
import { fault, type Reading, read } from "./result.ts";

/** Danish providers that no list outside Denmark knows (domain notes, e.5), and hosts that many companies share. */
const MORE_PROVIDERS = [
  ...["mail.dk", "tele.dk", "jubii.dk", "ofir.dk", "stofanet.dk", "webspeed.dk", "privat.dk", "get2net.dk"],
  ...["youmail.dk", "fibermail.dk", "energimail.dk", "adr.dk"],
];
const PUBLIC: ReadonlySet<string> = new Set([...providers, ...MORE_PROVIDERS]);
/** Under any top-level domain. */
const PUBLIC_NAMES = /^gmx\./;
/** Every tenant has a name below it, and none of them is the company's own domain. */
const SHARED_HOSTS = /(^|\.)onmicrosoft\.com$/;

const ROLES: ReadonlySet<string> = new Set([
  ...["info", "kontakt", "mail", "post", "salg", "faktura", "bogholderi", "regnskab"],
  ...["noreply", "no-reply", "postmaster", "mailer-daemon", "abuse"],
]);

/**
 * The registrable domain of a host by the public-suffix list, in ASCII and lower case, as domains are compared
 * (`mail.nordhavn-el.dk` → `nordhavn-el.dk`). A domain at which anybody can have an address is refused: it says nothing of a
 * company.
 */
export function readEmailDomain(host: string): Reading<string> {
  const ascii = domainToASCII(host.trim().replace(/\.$/, ""));
  const domain = ascii === "" ? null : getDomain(ascii, { allowPrivateDomains: true, validateHostname: true });
  if (domain === null) return fault("email_domain_shape", "An e-mail domain is written firma.dk.");
  if (PUBLIC.has(domain) || PUBLIC_NAMES.test(domain) || SHARED_HOSTS.test(ascii))
    return fault("email_domain_public", "Anybody can have an address at this domain; it names no company.");
  return read(domain);
}

/** An address in the form in which addresses are compared: the domain in ASCII, all in lower case. */
export function emailAddressKey(address: string): string {
  const at = address.lastIndexOf("@");
  const host = domainToASCII(address.slice(at + 1));
  return `${address.slice(0, at)}@${host === "" ? address.slice(at + 1) : host}`.normalize("NFC").toLowerCase();
}

/** An address of an office or a machine (`info@`, `no-reply@`): no person stands behind it. What follows a `+` is the receiver's own. */
export function isRoleAddress(address: string): boolean {
  const local = address.slice(0, address.lastIndexOf("@")).toLowerCase().split("+", 1)[0] ?? "";
  return ROLES.has(local);
}

/** A name for a person of whom only the address is known: `jens.p.hansen@…` → `Jens P Hansen`. */
export function nameOfAddress(address: string): string {
  const local = address.slice(0, address.lastIndexOf("@")).split("+", 1)[0] ?? "";
  const words = local.split(/[._-]+/).filter((word) => /\p{L}/u.test(word));
  const named = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join(" ");
  return named === "" ? address : named;
}
