import { expect, test } from "vitest";
import { adviceForMarker } from "./known-markers.ts";

test.each([
  ["_xcom_file_backend", "@millrace/xcom-file", "'dir'"],
  ["_xcom_compressed", "@millrace/xcom-gzip", "no option"],
  ["_xcom_encrypted", "@millrace/xcom-aes-gcm", "'keys'"],
  ["_xcom_s3", "@millrace/xcom-s3", "'bucket'"],
  ["_xcom_hybrid", "@millrace/xcom-hybrid", "parts"],
])("the advice for %s names %s and %s", (marker, packageName, option) => {
  const advice = adviceForMarker(marker);
  expect(advice).toContain(packageName);
  expect(advice).toContain(option);
});

test.each(["none", "_xcom_mine", "__proto__", "constructor", "\u001b[31m"])(
  "whoever wrote marker %j is not known: the advice is general and does not repeat it",
  (marker) => {
    const advice = adviceForMarker(marker);
    expect(advice).toContain("xcom.parts");
    expect(advice).not.toContain("@millrace");
    expect(advice).not.toContain(marker === "none" ? "'none'" : marker);
  },
);
