/** The packages that come with Millrace, by the marker of what they write. For messages only: nothing is loaded by it. */
const official: ReadonlyMap<string, { readonly packageName: string; readonly options: string }> = new Map([
  ["_xcom_file_backend", { packageName: "@millrace/xcom-file", options: "'dir', the folder that it wrote to" }],
  ["_xcom_compressed", { packageName: "@millrace/xcom-gzip", options: "no option is needed" }],
  [
    "_xcom_encrypted",
    { packageName: "@millrace/xcom-aes-gcm", options: "'keys', among them the key that it wrote with" },
  ],
  ["_xcom_s3", { packageName: "@millrace/xcom-s3", options: "'bucket', the one that it wrote to" }],
  ["_xcom_hybrid", { packageName: "@millrace/xcom-hybrid", options: "the parts that it chose among" }],
]);

/** What to do so that values with this marker can be read, in one sentence. The marker may be anything: it is not repeated. */
export function adviceForMarker(marker: string): string {
  const known = official.get(marker);
  if (!known)
    return "Install the package that writes this marker and name it under xcom.parts of the config, with the options that it wrote with.";
  return `Install ${known.packageName} and name it under xcom.parts of the config (${known.options}), so that it can read what it wrote.`;
}
