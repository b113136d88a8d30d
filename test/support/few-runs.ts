/** Properties under mutation: few runs, as thousands of mutants each meet them; always the same, so that a score can be repeated. */
import fc from "fast-check";

fc.configureGlobal({ numRuns: 30, seed: 1 });
