import type { Outcome, ReplaceXCom } from "@millrace/core/plugin";
import { refused, silent, type Writer } from "./writer.ts";

export function xcomReplacer({ sql, xcoms }: Writer): (change: ReplaceXCom) => Outcome {
  const replace = sql.get(
    `UPDATE xcoms SET format = ?, stored = ?, size_bytes = ?
     WHERE task_instance_no = ? AND key = ? AND stored = ? RETURNING 1 AS replaced`,
  );
  return ({ taskInstanceNo, key, expected, put }) => {
    xcoms.flush();
    const { format, stored, sizeBytes } = put;
    const [row] = replace.all(format, stored, sizeBytes, taskInstanceNo, key, expected);
    return row === undefined ? refused("another value is stored") : silent;
  };
}
