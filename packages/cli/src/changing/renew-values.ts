import type { XComsRenewed } from "@millrace/core/engine";
import { isMillraceError } from "@millrace/core/plugin";
import { type Operated, type Operator, openOperator } from "../operate.ts";
import type { Session } from "../session.ts";

/** What came of all pages. */
export interface Renewed extends Required<Pick<XComsRenewed, "seen" | "renewed" | "overtaken" | "failed">> {
  readonly by: Operated<unknown>["by"];
  /** False if somebody has interrupted it. */
  readonly isWhole: boolean;
}

/** So many values are asked for at once. A page ends early where they are long. */
const pageSize = 500;
/** How long an engine that has not answered may take to say that it is there. */
const signMs = 5_000;
/** Of more failures only the first are told. */
const mostFailures = 10_000;

/**
 * Has the values written anew that an old key has encrypted, page by page, by the engine that works on the store or here.
 * An engine that goes away meanwhile is followed by another one, or by this command.
 *
 * @param onPage - told what was done so far
 * @throws `REQUEST_NOT_ANSWERED` if an engine holds the store and says nothing
 */
export async function renewValues(
  session: Session,
  options: { readonly isDryRun: boolean; readonly onPage: (seen: number, renewed: number) => void },
): Promise<Renewed> {
  const { isDryRun: dryRun, onPage } = options;
  let isInterrupted = false;
  const release = session.io.onInterrupt(() => {
    isInterrupted = true;
  });
  let operator = await openOperator(session);
  const failed: XComsRenewed["failed"][number][] = [];
  const sum = { seen: 0, renewed: 0, overtaken: 0 };
  try {
    for (let after: XComsRenewed["next"]; !isInterrupted; ) {
      let page: XComsRenewed;
      try {
        const limit = pageSize;
        page = await operator.ask<XComsRenewed>({ operation: "renewXComs", limit, dryRun, ...(after && { after }) });
      } catch (error) {
        operator = await nextOperator(session, operator, error);
        continue;
      }
      for (const name of ["seen", "renewed", "overtaken"] as const) sum[name] += page[name];
      failed.push(...page.failed.slice(0, mostFailures - failed.length));
      onPage(sum.seen, sum.renewed);
      after = page.next;
      if (!after) return { ...sum, failed, by: operator.by, isWhole: true };
    }
    return { ...sum, failed, by: operator.by, isWhole: false };
  } finally {
    release();
    await operator.close();
  }
}

/**
 * Who goes on after a page was not answered: ourselves if the engine is gone, or that engine, which a single large value may
 * keep busy for long. Asked for the same page again, it finds most of it done.
 *
 * @throws the error, if an engine holds the store and says nothing
 */
async function nextOperator(session: Session, last: Operator, error: unknown): Promise<Operator> {
  if (last.by === "command" || !isMillraceError(error, "REQUEST_NOT_ANSWERED")) throw error;
  const next = await openOperator(session);
  if (next.by === "command") return next;
  const { pingEngine } = await session.core();
  if ((await pingEngine((await session.config()).home, signMs)) === "answers") return next;
  throw error;
}
