import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { tableLines } from "../terminal/table.ts";
import { taskDefinitionColumns, taskDefinitionPayload } from "../views/task-definition-view.ts";

export default defineCommand({
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  examples: [["millrace tasks list hello", "the tasks of 'hello', in the order in which they can run"]],
  async run(session, given) {
    const core = await session.core();
    const { dag } = await session.dag(given.text("dag"));
    const snapshot = core.snapshotOf(dag);
    session.print({ dag: dag.id, tasks: snapshot.tasks.map((task) => taskDefinitionPayload(task, snapshot)) }, () =>
      tableLines(
        snapshot.tasks,
        taskDefinitionColumns(session.style, snapshot, core),
        session.style,
        session.io.out.columns,
      ),
    );
    return exitCodes.ok;
  },
});
