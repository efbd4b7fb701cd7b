import { isMillraceError, type XComEnvelope } from "@millrace/core/plugin";
import { type ManualClock, manualClock } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import { type S3Options, s3 } from "../src/index.ts";
import { codeOf, type Fault, type MemoryPort, memoryPort, networkError, sdkError } from "./memory-port.ts";
import { addressOf } from "./wire-store.ts";

const address = addressOf("rows");
const bytes = Buffer.alloc(10_000, "rows ");

/** Draws the largest or the smallest numbers there are, and names that do not repeat. */
function extremes(digit: "0" | "f") {
  let drawn = 0;
  return {
    hex: (count: number) => (count === 4 ? digit.repeat(8) : (++drawn).toString(16).padStart(count * 2, "0")),
  };
}

function setUp(options: Partial<S3Options> = {}) {
  const clock = manualClock();
  const client = memoryPort(() => clock.now());
  const randomness = extremes("f");
  const place = s3({ bucket: "values", client, clock, randomness, ...options });
  return { clock, client, place };
}

/** When each request was made, in milliseconds since the first. */
function timesOf(client: MemoryPort, clock: ManualClock, fault: (number: number) => Fault): number[] {
  const times: number[] = [];
  client.fault = (_, number) => {
    times.push(clock.now());
    return fault(number);
  };
  return times;
}

const since = (times: readonly number[]): number[] => times.map((time) => Math.round(time - (times[0] ?? 0)));

describe("what may be better the next time is tried again", () => {
  const passing: [string, unknown][] = [
    ["500", sdkError("InternalError", 500)],
    ["502 of a proxy", sdkError("Unknown", 502)],
    ["503", sdkError("ServiceUnavailable", 503)],
    ["503 SlowDown", sdkError("SlowDown", 503)],
    ["429", sdkError("TooManyRequests", 429)],
    ["408", sdkError("RequestTimeout", 400)],
    ["409 of a conditional write", sdkError("ConditionalRequestConflict", 409)],
    ["a reset", networkError("ECONNRESET")],
    ["a refused connection", networkError("ECONNREFUSED")],
    ["a name that is not found", networkError("EAI_AGAIN")],
    ["a connection that times out", networkError("ETIMEDOUT")],
    [
      "a clock that has been set right since",
      Object.assign(sdkError("RequestTimeTooSkewed", 403), {
        $metadata: { httpStatusCode: 403, clockSkewCorrected: true },
      }),
    ],
  ];
  test.each(passing)("%s", async (_, error) => {
    const { clock, client, place } = setUp();
    client.fault = (_request, number) => (number < 3 ? { before: error } : undefined);
    const envelope = (await clock.drive(place.put(bytes, address, undefined))) as XComEnvelope;
    expect(client.requests.length).toBe(4);
    expect(Buffer.from(await clock.drive(place.get(envelope, address)))).toEqual(bytes);
  });

  test("an answer that never comes, after the time that a request may take", async () => {
    const { clock, client, place } = setUp({ requestTimeoutMs: 5_000 });
    const times = timesOf(client, clock, (number) => (number === 0 ? { hang: true } : undefined));
    await clock.drive(place.put(bytes, address, undefined));
    // 10 KB more take 156 ms on the slowest network; then the first pause.
    expect(since(times)).toEqual([0, 5_000 + 156 + 100]);
  });
});

describe("what will not be better is told at once", () => {
  const lasting: [string, unknown, string][] = [
    ["403", sdkError("AccessDenied", 403), "XCOM_S3_DENIED"],
    ["403 without a body", sdkError("Unknown", 403), "XCOM_S3_DENIED"],
    ["a wrong key", sdkError("InvalidAccessKeyId", 403), "XCOM_S3_CREDENTIALS_INVALID"],
    ["a wrong secret", sdkError("SignatureDoesNotMatch", 403), "XCOM_S3_CREDENTIALS_INVALID"],
    ["an expired token", sdkError("ExpiredToken", 400), "XCOM_S3_CREDENTIALS_INVALID"],
    ["no credentials at all", sdkError("CredentialsProviderError"), "XCOM_S3_CREDENTIALS_INVALID"],
    ["no such bucket", sdkError("NoSuchBucket", 404), "XCOM_S3_BUCKET_MISSING"],
    ["a bucket elsewhere", sdkError("PermanentRedirect", 301), "XCOM_S3_REGION_WRONG"],
    ["another 400", sdkError("InvalidArgument", 400), "XCOM_S3_REFUSED"],
    ["a certificate", networkError("CERT_HAS_EXPIRED"), "XCOM_S3_UNREACHABLE"],
    ["a name that was taken", sdkError("PreconditionFailed", 412), "XCOM_S3_NAME_TAKEN"],
  ];
  test.each(lasting)("%s", async (_, error, code) => {
    const { client, place } = setUp();
    client.fault = () => ({ before: error });
    expect(await codeOf(place.put(bytes, address, undefined))).toBe(code);
    expect(client.requests.filter(({ operation }) => operation === "putObject").length).toBe(1);
  });

  test("an object that is missing", async () => {
    const { client, place } = setUp();
    const envelope = (await place.put(bytes, address, undefined)) as XComEnvelope;
    client.objects.clear();
    expect(await codeOf(place.get(envelope, address))).toBe("XCOM_S3_MISSING");
    expect(client.requests.length).toBe(2);
  });
});

describe("pauses", () => {
  test("double, up to 20 seconds, ten attempts in all", async () => {
    const { clock, client, place } = setUp();
    const times = timesOf(client, clock, () => ({ before: sdkError("InternalError", 500) }));
    expect(await codeOf(clock.drive(place.put(bytes, address, undefined)))).toBe("XCOM_S3_UNAVAILABLE");
    const pauses = since(times).map((time, n, all) => time - (all[n - 1] ?? 0));
    expect(client.requests.filter(({ operation }) => operation === "putObject").length).toBe(10);
    expect(pauses.slice(0, 10)).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 20_000]);
  });

  test("are of any length down to nothing: full jitter", async () => {
    const { clock, client, place } = setUp({ randomness: extremes("0") });
    const times = timesOf(client, clock, (number) => (number < 4 ? { before: networkError("ECONNRESET") } : undefined));
    await clock.drive(place.put(bytes, address, undefined));
    expect(since(times)).toEqual([0, 0, 0, 0, 0]);
  });

  test("are longer when the store asks for fewer requests", async () => {
    const { clock, client, place } = setUp();
    const times = timesOf(client, clock, (number) => (number < 2 ? { before: sdkError("SlowDown", 503) } : undefined));
    await clock.drive(place.put(bytes, address, undefined));
    expect(since(times)).toEqual([0, 500, 1_500]);
  });

  test.each([
    ["seconds", "7"],
    ["a date", "Thu, 22 Oct 2026 12:00:07 GMT"],
  ])("are at least what Retry-After says in %s", async (_, retryAfter) => {
    const { clock, client, place } = setUp();
    const error = sdkError("SlowDown", 503, { "retry-after": retryAfter });
    const times = timesOf(client, clock, (number) => (number === 0 ? { before: error } : undefined));
    await clock.drive(place.put(bytes, address, undefined));
    expect(since(times)).toEqual([0, 7_000]);
  });

  test("a Retry-After past the deadline is not waited for", async () => {
    const { clock, client, place } = setUp({ deadlineMs: 60_000 });
    const times = timesOf(client, clock, () => ({ before: sdkError("SlowDown", 503, { "retry-after": "3600" }) }));
    expect(await codeOf(clock.drive(place.put(bytes, address, undefined)))).toBe("XCOM_S3_UNAVAILABLE");
    expect(times[0]).toBe(times.at(-2));
  });

  test("and attempts together end at the deadline", async () => {
    const { clock, client, place } = setUp({ deadlineMs: 60_000, requestTimeoutMs: 25_000 });
    const times = timesOf(client, clock, () => ({ hang: true }));
    const began = clock.now();
    const envelope = { ...(await envelopeOf()), bucket: "values" };
    const error = await clock.drive(place.get(envelope, address)).catch((thrown: unknown) => thrown);
    expect(isMillraceError(error, "XCOM_S3_TIMEOUT")).toBe(true);
    expect(clock.now() - began).toBe(60_000);
    expect(times.length).toBe(3);
  });
});

describe("an attempt that was carried out and seemed to fail", () => {
  test("a write is found and is not written twice", async () => {
    const { clock, client, place } = setUp();
    client.fault = (_request, number) => (number === 0 ? { after: networkError("ECONNRESET") } : undefined);
    const envelope = (await clock.drive(place.put(bytes, address, undefined))) as XComEnvelope;
    expect(client.requests.map(({ operation }) => operation)).toEqual(["putObject", "putObject", "headObject"]);
    expect(Buffer.from(await clock.drive(place.get(envelope, address)))).toEqual(bytes);
  });

  test("the end of an upload in parts is found, whatever the store says of it", async () => {
    const large = Buffer.alloc(11 * 1_048_576, "large ");
    const { clock, client, place } = setUp();
    let ends = 0;
    client.fault = ({ operation }) =>
      operation === "completeUpload" && ends++ === 0 ? { after: networkError("ECONNRESET") } : undefined;
    const envelope = (await clock.drive(place.put(large, address, undefined))) as XComEnvelope;
    expect(ends).toBe(2);
    expect(client.uploads.size).toBe(0);
    expect(Buffer.compare(await clock.drive(place.get(envelope, address)), large)).toBe(0);
  });
});

async function envelopeOf(): Promise<XComEnvelope> {
  return (await setUp().place.put(bytes, address, undefined)) as XComEnvelope;
}
