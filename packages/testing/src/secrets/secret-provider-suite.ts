import { defineSuite } from "../conformance/conformance-case.ts";
import { type SecretProviderUnderTest, secretProviderCases } from "./secret-provider-cases.ts";

/**
 * The conformance suite of providers of secrets and connections. Call it in a vitest file.
 *
 * @param name - shown in the test report
 * @param make - called for each test: the provider, with all that it has
 * @example
 * ```ts no-run
 * import { givenSecrets } from "@millrace/core/engine";
 * import { secretProviderSuite } from "@millrace/testing/suites";
 *
 * const values = { secrets: { token: "k7-Tq92x" }, connections: { shop: "postgres://etl:pw-91ab@db.local/shop" } };
 * secretProviderSuite("given", () => ({ provider: givenSecrets(values), ...values }));
 * ```
 */
export function secretProviderSuite(
  name: string,
  make: () => SecretProviderUnderTest | Promise<SecretProviderUnderTest>,
): void {
  defineSuite(`secret provider conformance: ${name}`, secretProviderCases, make);
}
