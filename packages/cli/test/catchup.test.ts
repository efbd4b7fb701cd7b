import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { project } from "./project.ts";

const dags = `import { catchupFromFile, dag } from "@millrace/core";
const catchup = catchupFromFile(new URL("../catchup.yaml", import.meta.url), { every: "100ms" });
export const all = ["sales", "orders"].map((id) => dag(id, { catchup }, (d) => void d.empty("t")));
`;

it("settings in a file are taken on by an engine at work, a broken file changes nothing, and both are told", async () => {
  const made = project({ "dags/all.ts": dags, "catchup.yaml": "default: true" });
  const path = join(made.folder, "catchup.yaml");
  const start = made.spawn(["start", "--no-watch"]);
  await start.until(/orders {2}catchup is true now, was false \(catchup\.yaml\)[\s\S]*ready/);
  writeFileSync(path, "default: true\ndags: { sales: ");
  await start.until("! catchup stays as it is: ");
  writeFileSync(`${path}.new`, "default: true\ndags: { sales: { window: 7d } }");
  renameSync(`${path}.new`, path);
  await start.until(/can be read again from catchup\.yaml[\s\S]*sales {2}catchup is \{window: 7d\} now, was true/);
  const shown = await made.millrace(["dags", "show", "sales"]);
  expect(shown.out).toContain("catchup {window: 7d} (from catchup.yaml)");
  start.kill("SIGTERM");
  expect((await start.ended).code).toBe(0);
});
