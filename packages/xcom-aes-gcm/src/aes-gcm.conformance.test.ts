import { xcomBackend } from "@millrace/core/plugin";
import { xcomBackendSuite, xcomStageSuite } from "@millrace/testing/suites";
import { memoryPlace } from "../test/memory-place.ts";
import { keys } from "../test/samples.ts";
import { aesGcm, aesGcmStage } from "./aes-gcm.ts";
import { localKeyProvider } from "./keys/local-key-provider.ts";

xcomStageSuite("aes-gcm", () => ({ stage: aesGcm({ keys }) }));
xcomStageSuite("aes-gcm with a plain checksum", () => ({ stage: aesGcm({ keys, checksum: "sha256" }) }));
// The suite's values say "work" and hold rows; what has none of these words is declined.
xcomStageSuite("aes-gcm for sensitive values", () => ({
  stage: aesGcm({ keys, encrypt: "sensitive", sensitiveKeywords: ["work", "secret", "something"] }),
}));
xcomStageSuite("aes-gcm with data keys of a key service", () => ({
  stage: aesGcm({ keys: localKeyProvider({ keys, maxMessages: 3 }) }),
}));
xcomStageSuite("aes-gcm in many segments", () => ({ stage: aesGcmStage({ keys }, { segmentBytes: 100_000 }) }));

xcomBackendSuite("aes-gcm in the store", () => {
  const backend = () => xcomBackend([aesGcm({ keys })]);
  return { backend: backend(), reopened: backend, chunks: memoryPlace("chunks").place };
});
xcomBackendSuite("aes-gcm and a place", () => {
  const { place, kept } = memoryPlace();
  const backend = () => xcomBackend([aesGcm({ keys }), place]);
  return { backend: backend(), reopened: backend, chunks: memoryPlace("chunks").place, count: () => kept.size };
});
