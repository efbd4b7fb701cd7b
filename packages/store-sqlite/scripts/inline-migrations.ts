// Writes src/migrations.ts from src/migrations/*.sql, so that the SQL is part of the code wherever it runs.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../src/migrations/", import.meta.url);

/** The text that src/migrations.ts must have. */
export function inlinedMigrations(): string {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  const entries = files.map((file) => {
    const sql = readFileSync(new URL(file, folder), "utf8").replace(/[\\`]|\$\{/g, "\\$&");
    return `  {\n    version: ${Number.parseInt(file, 10)},\n    file: ${JSON.stringify(file)},\n    sql: \`\n${sql}\`,\n  },\n`;
  });
  return `// Made from src/migrations/*.sql by \`npm run migrations\`; change those.\n\n/** One step from a version of the schema to the next. */\nexport interface Migration {\n  readonly version: number;\n  readonly file: string;\n  readonly sql: string;\n}\n\nexport const migrations: readonly Migration[] = [\n${entries.join("")}];\n`;
}

if (import.meta.main) writeFileSync(new URL("../migrations.ts", folder), inlinedMigrations());
