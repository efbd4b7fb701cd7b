import type { ExplainedKey, ExplainedSetting, Origin } from "@millrace/core/engine";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { nearest } from "../nearest.ts";
import { tableLines } from "../terminal/table.ts";

export default defineCommand({
  about: "Flags beat environment variables, which beat the config file, which beats the defaults. Secrets are masked.",
  examples: [
    ["millrace config explain", "what holds here, and why"],
    ["MILLRACE_CONCURRENCY=4 millrace config explain", "the same with a variable set"],
  ],
  async run(session) {
    const core = await session.core();
    const config = await session.config();
    const explained = await core.explainConfig(config);
    const { style, io } = session;
    const payload = {
      path: config.path ?? null,
      settings: explained.settings.map(({ setting, value, origin }) => ({
        setting,
        value,
        source: origin.source,
        name: origin.name ?? null,
      })),
      environment: explained.environment.map(({ key, setting, value, says }) => ({
        key,
        setting,
        value: value ?? null,
        says,
      })),
      unknownKeys: explained.unknownKeys,
      problems: explained.problems.map(({ code, message, cure }) => ({ code, message, cure })),
    };
    session.print(payload, () => [
      `${style.bold("Configuration")}  ${config.path ?? style.dim(`no file; defaults, as seen from ${config.baseDir}`)}`,
      "",
      ...tableLines<ExplainedSetting>(
        explained.settings,
        [
          { title: "setting", cell: ({ setting }) => setting },
          { title: "value", cell: ({ value }) => valueText(value), flexible: true },
          {
            title: "from",
            cell: ({ origin }) => originText(origin),
            paint: (text, { origin }) => (origin.source === "default" ? style.dim(text) : style.accent(text)),
          },
        ],
        style,
        io.out.columns,
      ),
      "",
      style.bold("Environment"),
      "",
      ...tableLines<ExplainedKey>(
        explained.environment,
        [
          { title: "variable", cell: ({ key }) => key },
          { title: "sets", cell: ({ setting }) => setting },
          { title: "value", cell: ({ value }) => value ?? "", flexible: true },
          { title: "meaning", cell: ({ says }) => says, paint: (text) => style.dim(text), flexible: true },
        ],
        style,
        io.out.columns,
      ),
    ]);
    for (const key of explained.unknownKeys) {
      const near = nearest(
        key,
        explained.environment.map((each) => each.key),
      );
      session.warn(`Nothing reads the variable ${key}.`, near === undefined ? undefined : `Did you mean ${near}?`);
    }
    for (const { message, cure } of explained.problems) session.warn(message, cure);
    return exitCodes.ok;
  },
});

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function originText(origin: Origin): string {
  return origin.name ?? origin.source;
}
