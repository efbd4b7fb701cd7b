import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { errorOf, failureOf } from "./failures.ts";

const request = { operation: "read", bucket: "values", key: "k", attempts: 1, elapsedMs: 0, withChecksums: false };

/** An error as the AWS SDK throws it, with everything that it has of a request. */
function thrown(name: string, httpStatusCode: number, message: string): Error {
  const details = {
    AWSAccessKeyId: "AKIAIOSFODNN7EXAMPLE",
    StringToSign: "AWS4-HMAC-SHA256 x",
    $response: { headers: { authorization: "Signature=abcdef" } },
  };
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode }, ...details });
}

describe("the error of a failed request", () => {
  test.each([
    ["InvalidAccessKeyId", 403, "The key AKIAIOSFODNN7EXAMPLE is not known, nor is wJalrXUtnFEMI"],
    ["SignatureDoesNotMatch", 403, "AWS4-HMAC-SHA256 ... wJalrXUtnFEMI"],
    ["AccessDenied", 403, "User AKIAIOSFODNN7EXAMPLE may not, X-Amz-Signature=abcdef&X-Amz-Credential=ghi"],
    ["InvalidArgument", 400, "Signature=abcdef, ASIAIOSFODNN7EXAMPLE"],
  ])("of %s shows no credential, whatever the store says", (name, status, message) => {
    const error = thrown(name, status, message);
    const all = inspect(errorOf(error, failureOf(error, 0), request), { depth: 10, showHidden: true });
    for (const word of ["IOSFODNN7EXAMPLE", "abcdef", "wJalrXUtnFEMI", "=ghi", "AWS4-HMAC"])
      expect(all).not.toContain(word);
  });

  test("says what the store says, as far as it is fit for people", () => {
    const error = thrown(
      "AccessDenied",
      403,
      `User: arn:aws:iam::1:user/a is not authorized\u001b[2J ${"x".repeat(9_000)}`,
    );
    const { message } = errorOf(error, failureOf(error, 0), request);
    expect(message).toContain('AccessDenied (HTTP 403) "User: arn:aws:iam::1:user/a is not authorized\\u001b[2J');
    expect(message.length).toBeLessThan(500);
  });

  test.each([
    undefined,
    null,
    "text",
    7,
    {},
    { name: 5, $metadata: "x", $response: { headers: { "retry-after": 7 } } },
    { name: "__proto__" },
    { name: "constructor" },
  ])("can be made of anything that a client throws: %j", (anything) => {
    expect(errorOf(anything, failureOf(anything, 0), request).code).toBe("XCOM_S3_REFUSED");
  });
});
