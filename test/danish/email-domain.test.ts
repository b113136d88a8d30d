import fc from "fast-check";
import { expect, test } from "vitest";
import { emailAddressKey, isRoleAddress, nameOfAddress, readEmailDomain } from "../../src/danish/email-domain.ts";

test.each([
  ["mail.nordhavn-el.dk", "nordhavn-el.dk"],
  ["firma.co.uk", "firma.co.uk"],
  ["post.firma.co.uk", "firma.co.uk"],
  ["blåbær.dk", "xn--blbr-roah.dk"],
  ["xn--blbr-roah.dk", "xn--blbr-roah.dk"],
  ["BLÅBÆR.DK.", "xn--blbr-roah.dk"],
])("S25 the registrable domain of %s is %s", (host, domain) => {
  expect(readEmailDomain(host)).toMatchObject({ ok: true, value: domain });
});

test.each([
  ...["gmail.com", "googlemail.com", "hotmail.com", "hotmail.dk", "outlook.com", "outlook.dk", "live.com", "live.dk"],
  ...["msn.com", "yahoo.com", "yahoo.dk", "icloud.com", "me.com", "proton.me", "protonmail.com", "gmx.de", "gmx.dk"],
  ...["mail.dk", "mail.tele.dk", "post.tele.dk", "jubii.dk", "sol.dk", "ofir.dk", "stofanet.dk", "webspeed.dk"],
  ...["privat.dk", "get2net.dk", "youmail.dk", "fibermail.dk", "energimail.dk", "adr.dk", "firma.onmicrosoft.com"],
])("S25 %s is a public mail domain, and names no company", (host) => {
  expect(readEmailDomain(host)).toMatchObject({ ok: false, code: "email_domain_public" });
});

test.each(["dk", "co.uk", "", "localhost", "10.0.0.1", "to ord.dk", "-.dk"])("S25 %j is no e-mail domain", (host) => {
  expect(readEmailDomain(host)).toMatchObject({ ok: false, code: "email_domain_shape" });
});

test("S25 a domain that was read is read as itself, whatever host below it", () => {
  const label = fc.stringMatching(/^[a-z]{3,12}$/);
  fc.assert(
    fc.property(label, label, fc.constantFrom("dk", "co.uk", "com"), (below, name, suffix) => {
      const host = `${below}.${name}.${suffix}`;
      const read = readEmailDomain(host);
      if (!read.ok) return;
      expect(readEmailDomain(read.value)).toEqual(read);
      expect(readEmailDomain(host.toUpperCase())).toEqual(read);
      expect(host.endsWith(read.value)).toBe(true);
    }),
    // A registrar gives names below its own domain to others: there the host below is the domain.
    { examples: [["aaa", "name", "com"]] },
  );
  expect(readEmailDomain("NORDHAVN-EL.dk")).toMatchObject({ ok: true, value: "nordhavn-el.dk" });
  expect(readEmailDomain("mail.gmail.com")).toMatchObject({ ok: false });
});

test("S25 offices and machines are told from persons, and a person is named by the address where nothing better is known", () => {
  for (const role of [
    ...["info", "Kontakt", "mail", "post", "salg", "faktura", "bogholderi", "regnskab", "noreply", "no-reply"],
    ...["postmaster", "MAILER-DAEMON", "abuse", "faktura+2026"],
  ])
    expect(isRoleAddress(`${role}@firma.dk`)).toBe(true);
  for (const person of ["jens", "infoline", "salg.jensen"]) expect(isRoleAddress(`${person}@firma.dk`)).toBe(false);
  expect(["jens.p.hansen@x.dk", "åse_ø+kob@x.dk", "123@x.dk"].map(nameOfAddress)).toEqual([
    "Jens P Hansen",
    "Åse Ø",
    "123@x.dk",
  ]);
  expect(emailAddressKey("Søren@Blåbær.DK")).toBe(emailAddressKey("søren@xn--blbr-roah.dk"));
});
