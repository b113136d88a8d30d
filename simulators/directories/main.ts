import { type CompanyDocument, startCvr } from "./cvr.ts";

/**
 * The register of companies as a program of its own, empty at the start; `PUT /_control/companies` puts a document in, as the
 * register's own people would. Its first line says where it is and how it lets in.
 */
const register = await startCvr([
  { cvrNummer: 10150817, virksomhedMetadata: { nyesteNavn: { navn: "Myndigheden" } } } satisfies CompanyDocument,
]);
const { baseUrl, user, password } = register;
process.stdout.write(`${JSON.stringify({ baseUrl, user, password })}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void register.close().then(() => process.exit(0)));
}
