import { type DirectorySimulator, startDirectory } from "./server.ts";

/** A company of Navne & Numre Erhverv. Invented. */
export interface NneCompany {
  readonly tdcId: number;
  readonly officialName: string;
  readonly cvrNo: number;
  readonly street: string;
  readonly zipCode: number;
  readonly district: string;
  readonly phone?: string;
  readonly homePage?: string;
  readonly adProtection?: 0 | 1;
}

export interface NneService extends DirectorySimulator {
  readonly key: string;
}

const ENVELOPE =
  'xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
  'xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns0="http://com.stibo.net/nne/3.1/Types/NNE"';
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const text = (name: string, value: string | undefined): string =>
  value === undefined
    ? `<${name} xsi:type="xsd:string" xsi:nil="1"/>`
    : `<${name} xsi:type="xsd:string">${escaped(value)}</${name}>`;
const int = (name: string, value: number): string => `<${name} xsi:type="xsd:int">${value}</${name}>`;

/** NNE 3.1: multi-reference SOAP as it was recorded; values stand beside the answer, here after it and in mixed order. */
export async function startNne(companies: readonly NneCompany[]): Promise<NneService> {
  const key = "nne-noegle-123";
  const server = await startDirectory(({ method, body }) => {
    const xml = (status: number, inner: string) => ({
      ...{ status, headers: { "content-type": "text/xml; charset=utf-8" } },
      text: `<?xml version="1.0"?><env:Envelope ${ENVELOPE}><env:Body>${inner}</env:Body></env:Envelope>`,
    });
    const fault = (words: string) =>
      xml(500, `<env:Fault><faultcode>env:Server</faultcode><faultstring>${words}</faultstring></env:Fault>`);
    if (method !== "POST") return xml(405, "");
    const given = (name: string): string | undefined =>
      new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(body)?.[1];
    if ((given("String_5") ?? given("String_4")) !== key) return fault("Illegal access key");
    if (body.includes(":fetchCompany")) {
      const found = companies.find(({ tdcId }) => String(tdcId) === given("int_1"));
      if (found === undefined)
        return xml(
          200,
          `<a:fetchCompanyResponse xmlns:a="http://com.stibo.net/nne/3.1/NNE"><result xsi:nil="1"/></a:fetchCompanyResponse>`,
        );
      const company = `<ns0:Company id="ID1" xsi:type="ns0:Company">${basics(found)}${text("homePage", found.homePage)}<geography href="#ID2"/></ns0:Company>`;
      const kvh = `<ns0:KVH id="ID2" xsi:type="ns0:KVH">${text("houseNo", "1")}${int("municipalityCode", 461)}${int("streetCode", 1)}</ns0:KVH>`;
      return xml(
        200,
        `${kvh}<a:fetchCompanyResponse xmlns:a="http://com.stibo.net/nne/3.1/NNE"><result href="#ID1"/></a:fetchCompanyResponse>${company}`,
      );
    }
    const [cvr, id, name] = [given("cvrNo"), given("tdcId"), given("name")?.replaceAll("&amp;", "&").toLowerCase()];
    const found = companies
      .filter((each) => cvr === undefined || String(each.cvrNo) === cvr)
      .filter((each) => id === undefined || String(each.tdcId) === id)
      .filter((each) => name === undefined || each.officialName.toLowerCase().includes(name))
      .slice(0, Number(given("int_2") ?? 10));
    const items = found.map((_, at) => `<item href="#C${at}"/>`).join("");
    const list =
      found.length === 0
        ? '<companyBasic xsi:nil="1" enc:arrayType="ns0:CompanyBasic[0]"/>'
        : '<companyBasic href="#ID2"/>';
    const array =
      found.length === 0
        ? ""
        : `<ns0:ArrayOfCompanyBasic id="ID2" xsi:type="enc:Array" enc:arrayType="ns0:CompanyBasic[${found.length}]">${items}</ns0:ArrayOfCompanyBasic>`;
    const rows = found
      .map((each, at) => `<ns0:CompanyBasic id="C${at}" xsi:type="ns0:CompanyBasic">${basics(each)}</ns0:CompanyBasic>`)
      .join("");
    const answer = `<ns0:Answer id="ID1" xsi:type="ns0:Answer">${list}<errorMessage xsi:type="xsd:string" xsi:nil="1"/><window xsi:nil="1"/></ns0:Answer>`;
    return xml(
      200,
      `<a:searchResponse xmlns:a="http://com.stibo.net/nne/3.1/NNE"><result href="#ID1"/></a:searchResponse>${rows}${array}${answer}`,
    );
  });
  return { ...server, key };
}

const basics = (company: NneCompany): string =>
  int("adProtection", company.adProtection ?? 0) +
  int("cvrNo", company.cvrNo) +
  text("district", company.district) +
  text("fax", undefined) +
  text("officialName", company.officialName) +
  text("phone", company.phone) +
  text("street", company.street) +
  int("tdcId", company.tdcId) +
  int("zipCode", company.zipCode);
