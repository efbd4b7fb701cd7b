import { describe, expect, it } from "vitest";
import { gzip, manifest } from "./index.ts";
import type { GzipOptions } from "./options.ts";

describe("options of gzip", () => {
  it.each([
    [{ thresholdBytes: -1 }, "thresholdBytes", "-1"],
    [{ thresholdBytes: "100" }, "thresholdBytes", '"100"'],
    [{ thresholdBytes: 1.5 }, "thresholdBytes", "1.5"],
    [{ algorithm: "lzma" }, "algorithm", "gzip, zstd or brotli"],
    [{ level: 0 }, "level", "gzip has levels 1 to 9"],
    [{ level: 10 }, "level", "gzip has levels 1 to 9"],
    [{ level: 5.5 }, "level", "5.5"],
    [{ algorithm: "zstd", level: 20 }, "level", "zstd has levels 1 to 19"],
    [{ algorithm: "brotli", level: 12 }, "level", "brotli has levels 0 to 11"],
    [{ maxOutputBytes: 0 }, "maxOutputBytes", "0"],
    [{ maxOutputBytes: Number.POSITIVE_INFINITY }, "maxOutputBytes", "Infinity"],
    [{ treshold: 5 }, "treshold", "thresholdBytes, algorithm, level or maxOutputBytes"],
    ["gzip", "options", "an object"],
  ])("%j is refused with what is right", (options, option, right) => {
    expect(() => gzip(options as GzipOptions)).toThrow(
      expect.objectContaining({
        code: "XCOM_GZIP_OPTION_INVALID",
        message: expect.stringMatching(new RegExp(`'"${option}"'.*${right}`)),
      }),
    );
  });

  it("are all right at the ends of their ranges", () => {
    for (const [algorithm, levels] of [
      ["gzip", [1, 9]],
      ["zstd", [1, 19]],
      ["brotli", [0, 11]],
    ] as const)
      for (const level of levels)
        expect(gzip({ algorithm, level, thresholdBytes: 0, maxOutputBytes: 1 }).name).toBe("gzip");
  });
});

describe("the manifest", () => {
  const context = { home: "/tmp", baseDir: "/tmp", env: {} };

  it("completes options as the factory does, and makes the stage", async () => {
    const checked = await manifest.options["~standard"].validate({ algorithm: "zstd" });
    expect(checked).toEqual({
      value: { algorithm: "zstd", level: 3, thresholdBytes: 100, maxOutputBytes: 268_435_456 },
    });
    const stage = manifest.kind === "xcom-stage" && manifest.create((checked as { value: never }).value, context);
    expect(stage).toMatchObject({ marker: manifest.kind === "xcom-stage" && manifest.marker, effect: "compress" });
  });

  it("sets every option by an environment variable, numbers as numbers", async () => {
    const given: Record<string, unknown> = {};
    const texts: Readonly<Record<string, string>> = {
      algorithm: "brotli",
      level: "4",
      thresholdBytes: "0",
      maxOutputBytes: "1000",
    };
    for (const { key, option, parse } of manifest.env ?? []) {
      expect(key).toBe(`MILLRACE_XCOM_GZIP_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`);
      given[option] = parse ? parse(texts[option] as string) : texts[option];
    }
    expect(await manifest.options["~standard"].validate(given)).toEqual({
      value: { algorithm: "brotli", level: 4, thresholdBytes: 0, maxOutputBytes: 1_000 },
    });
  });

  it("refuses text that is no number by the option's name", async () => {
    const parse = manifest.env?.find(({ option }) => option === "level")?.parse;
    const { issues } = await manifest.options["~standard"].validate({ level: parse?.("high") });
    expect(issues).toMatchObject([{ path: ["level"], message: 'it is "high", and must be a whole number' }]);
  });
});
