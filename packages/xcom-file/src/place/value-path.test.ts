import { arbitraryHostileId } from "@millrace/testing/arbitraries";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { belongsTo, newPath, parsePath } from "./value-path.ts";

const chance = "0123456789abcdef0123456789abcdef";
const at = Date.UTC(2024, 0, 15, 14, 30, 22, 123);
const address = { dagId: "sales", runId: "2024-01-15", taskId: "extract", mapIndex: -1, key: "rows" };

function pathOf(of: typeof address): string {
  const { folders, name } = newPath(of, at, chance);
  return [...folders, name].join("/");
}

describe("paths of values", () => {
  it("tell people what lies there", () => {
    expect(pathOf(address)).toBe(
      `dag=sales/run=2024-01-15/task=extract/key=rows,map=-1,20240115t143022123z,${chance}.xcom`,
    );
  });

  it("give the address back, whatever the ids are, and no two addresses meet", () => {
    const id = fc.oneof(arbitraryHostileId(), fc.string({ unit: "binary", maxLength: 10 }));
    const arbitraryAddress = fc.record({
      dagId: id,
      runId: id,
      taskId: id,
      mapIndex: fc.integer({ min: -1, max: 10_000 }),
      key: id,
    });
    const seen = new Map<string, string>();
    const property = fc.property(arbitraryAddress, (of) => {
      const path = pathOf(of);
      const parsed = parsePath(path);
      expect(parsed).toMatchObject({ createdAt: at, isPartial: false });
      if (!path.includes("#")) expect(parsed?.address).toEqual(of);
      else expect(parsed?.address).toBeUndefined();
      expect(parsed && belongsTo(parsed, of)).toBe(true);
      for (const field of ["dagId", "runId", "taskId", "key"] as const)
        expect(parsed && belongsTo(parsed, { ...of, [field]: `${of[field]}x` })).toBe(false);
      expect(parsed && belongsTo(parsed, { ...of, mapIndex: of.mapIndex + 1 })).toBe(false);
      const text = JSON.stringify(of);
      expect(seen.get(path) ?? text).toBe(text);
      seen.set(path, text);
      for (const name of path.split("/")) expect(name.length).toBeLessThan(240);
    });
    fc.assert(property, { seed: 1, numRuns: 1_000 });
  });

  it("are refused unless they are just what is made here", () => {
    const right = pathOf(address);
    const wrong = [
      "",
      "/",
      `/${right}`,
      `./${right}`,
      `../${right}`,
      `${right}/`,
      right.replace("/run=", "//run="),
      right.replace("run=", "../run="),
      right.replace("task=", "run=x/task="),
      right.replace("extract", "Extract"),
      right.replace("extract", "%65xtract"),
      right.replaceAll("/", "\\"),
      right.replace("map=-1", "map=-2"),
      right.replace("map=-1", "map=01"),
      right.replace("0115t", "1315t"),
      right.replace(".xcom", ".XCOM"),
      `${right}.part`,
      right.replace("key=", ".key="),
      right.replace("sales", `sales\0`),
      right.replace("sales", "x".repeat(3_000)),
      right.slice(right.indexOf("/") + 1),
    ];
    for (const path of wrong) expect(parsePath(path), JSON.stringify(path)).toBeUndefined();
    expect(parsePath(`${right.replace("key=", ".key=")}.part`)).toMatchObject({ isPartial: true, address });
  });
});
