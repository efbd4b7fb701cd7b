import { expect, it } from "vitest";
import { assertNodeVersion } from "./node-version.ts";

it.each(["18.20.8", "20.20.2", "22.21.0", "23.11.1"])(
  "Node %s is refused in one sentence that names the version needed",
  (version) => {
    expect(() => assertNodeVersion(version)).toThrow(
      `Millrace needs Node.js 24 or newer, and this is Node.js ${version}`,
    );
  },
);

it.each(["24.0.0", "26.10.0", "100.0.0"])("Node %s is accepted", (version) => {
  expect(() => assertNodeVersion(version)).not.toThrow();
});

it("the running Node is accepted", () => {
  expect(() => assertNodeVersion()).not.toThrow();
});
