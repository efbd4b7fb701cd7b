import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { tableLines } from "../terminal/table.ts";
import { readPools, usersText } from "../views/pool-view.ts";

export default defineCommand({
  about:
    "A pool limits how many tasks run at once over all DAGs. Used slots are those of tasks that run at this moment.",
  examples: [
    ["millrace pools list", "slots, how many are used, and by whom"],
    ["millrace pools list -o json", "for programs, with every task that has slots"],
  ],
  async run(session) {
    const store = await session.reader();
    const pools = store ? await readPools(store) : [];
    const { style } = session;
    session.print(
      pools.map((line) => ({ ...line, free: Math.max(0, line.slots - line.used) })),
      () =>
        pools.length === 0
          ? []
          : tableLines(
              pools,
              [
                { title: "pool", cell: ({ pool }) => pool, paint: (text) => style.bold(text) },
                { title: "slots", cell: ({ slots }) => String(slots), align: "right" },
                { title: "used", cell: ({ used }) => String(used), align: "right" },
                { title: "free", cell: ({ slots, used }) => String(Math.max(0, slots - used)), align: "right" },
                { title: "used by", cell: (line) => usersText(line), paint: (text) => style.dim(text), flexible: true },
              ],
              style,
              session.io.out.columns,
            ),
    );
    if (!store) session.note(`Nothing is recorded in ${await session.storeLocation()} yet.`);
    return exitCodes.ok;
  },
});
