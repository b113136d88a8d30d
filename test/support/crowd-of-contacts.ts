import type { Shop } from "./shop.ts";

/** Companies and contacts for campaigns, made through the API. */
export interface Crowd {
  /** A company that may be advertised to, and a contact who has consented to e-mail unless told otherwise. */
  company(
    postnr: string,
    fields?: Readonly<Record<string, unknown>>,
    options?: { readonly consented?: boolean; readonly email?: string },
  ): Promise<Member>;
  consent(who: Member): Promise<unknown>;
  withdraw(who: Member): Promise<unknown>;
  segment(filter: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
  campaign(segment: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Posts or gets, and insists on the status. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it takes the body for
  ok(answer: ReturnType<Shop["api"]>, status?: number): Promise<any>;
}

export interface Member {
  readonly id: string;
  readonly person: string;
  readonly email: string;
}

export function crowdOf(shop: Shop): Crowd {
  let count = 0;
  const ok: Crowd["ok"] = async (answer, status = 200) => {
    const { status: got, body } = await answer;
    if (got !== status) throw new Error(`Answered ${got} in place of ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const post = (path: string, body: object, status: number) => ok(shop.api("POST", path, { body }), status);
  const say = ({ id, person }: Member, fact: object) =>
    post(`/v1/kundeemner/${id}/samtykker`, { channel: "email", kontaktpersonId: person, ...fact }, 201);
  const consent: Crowd["consent"] = (who) => say(who, { kind: "given", evidence: "form v3", optOutOffered: true });
  return {
    ok,
    consent,
    withdraw: (who) => say(who, { kind: "withdrawn" }),
    async company(postnr, fields = {}, { consented = true, email } = {}) {
      count += 1;
      const approved = { tilladKampagne: true, gdprOk: true, gdprDato: "2026-06-01", kundetype: "BTB" };
      const wish = { firmanavn: `Firma ${count} ApS`, postnr, virksomhedsform: "80", ...approved, ...fields };
      const { meta } = await post("/v1/kundeemner", wish, 201);
      const id = String(meta.id);
      const contact = { navn: `Person ${count}`, email: email ?? `p${count}@firma${count}.dk`, mobil: "20102030" };
      const { meta: person } = await post(`/v1/kundeemner/${id}/kontaktpersoner`, contact, 201);
      // Only a register says so.
      await shop.engine.deps.db.sql.unsafe("update kundeemner set reklamebeskyttet_vaerdi = false where id = $1", [id]);
      const who = { id, person: String(person.id), email: contact.email.toLowerCase() };
      if (consented) await consent(who);
      return who;
    },
    async segment(filter, more = {}) {
      const wish = { name: `Udvalg ${filter}`.slice(0, 90), level: "kontaktperson", channel: "email", filter, ...more };
      return (await post("/v1/segments", wish, 201)).id;
    },
    async campaign(segment, more = {}) {
      return (await post("/v1/campaigns", { name: "Efterår", segment, connections: ["mails"], ...more }, 201)).id;
    },
  };
}
