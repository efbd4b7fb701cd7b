import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inlinedMigrations } from "../scripts/inline-migrations.ts";
import { connectWriter, knownSchema } from "./database-file.ts";
import { applyMigrations } from "./migrate.ts";
import { migrations } from "./migrations.ts";

test("the migrations in the code are those of the SQL files", () => {
  expect(readFileSync(new URL("migrations.ts", import.meta.url), "utf8")).toBe(inlinedMigrations());
});

test("migrations are numbered without a gap, and their files carry the number", () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  for (const { version, file } of migrations)
    expect(file).toMatch(new RegExp(`^${String(version).padStart(4, "0")}-[a-z0-9-]+\\.sql$`));
  expect(knownSchema).toBe(migrations.length);
});

// A change of the schema is seen in review as a change of schema.sql; `pnpm test -u` writes it.
test("schema.sql is the schema that all migrations together make", async () => {
  const db = connectWriter(":memory:");
  applyMigrations(db, 0);
  const rows = db
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name",
    )
    .all();
  db.close();
  const dump = `-- Schema ${knownSchema}, as all migrations together make it.\n\n${rows.map(({ sql }) => `${sql};\n`).join("\n")}`;
  await expect(dump).toMatchFileSnapshot("../schema.sql");
});
