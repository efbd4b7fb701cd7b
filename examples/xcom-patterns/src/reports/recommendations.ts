import type {
  FailedAnalysis,
  IngestionMetadata,
  QualityReport,
  Recommendation,
  RiskResults,
} from "../xcom/pipeline-records.ts";
import { money, percent, ratio, symbolName, whole, words } from "./number-format.ts";

/** What somebody should do, most urgent first, and why. */
export function recommend(facts: {
  readonly results: RiskResults;
  readonly quality: QualityReport;
  readonly failed: readonly FailedAnalysis[];
  readonly ingestion: IngestionMetadata | undefined;
}): Recommendation[] {
  const { results, quality, failed, ingestion } = facts;
  const list: Recommendation[] = [];
  for (const { limit, subject, allowed, measured, is_breached } of results.risk_parameters?.checks ?? []) {
    if (!is_breached) continue;
    const show = limit === "beta" ? ratio : (share: number) => percent(share);
    const action =
      limit === "beta"
        ? `Reduce or hedge the position in ${symbolName(subject)}`
        : `Review the exposure to ${symbolName(subject)}`;
    list.push({
      priority: limit === "beta" ? "medium" : "high",
      action,
      reason: `${words(limit)} is ${show(measured)}, above the limit of ${show(allowed)}`,
    });
  }
  const loss = results.risk_parameters?.portfolio_value_at_risk_99;
  if (loss) {
    const amount = money(loss, results.risk_parameters?.currency ?? "USD");
    list.push({
      priority: "medium",
      action: `Hold liquidity for a one-day loss of ${amount}`,
      reason: "A day in a hundred was at least this bad (99% historical value at risk)",
    });
  }
  for (const { source, band, score, issues } of quality.sources) {
    if (band === "high") continue;
    list.push({
      priority: band === "low" ? "high" : "medium",
      action:
        band === "low"
          ? `Obtain ${words(source).toLowerCase()} again before relying on this report`
          : `Ask the supplier of ${words(source).toLowerCase()} to complete it`,
      reason: `Quality ${ratio(score)}: ${issues.join("; ")}`,
    });
  }
  for (const { analysis, error } of failed) {
    list.push({
      priority: "high",
      action: `Repeat the analysis of ${words(analysis).toLowerCase()}`,
      reason: `It failed: ${error}`,
    });
  }
  if (ingestion && ingestion.circuit_breaker.state !== "CLOSED") {
    const { failure_count, state } = ingestion.circuit_breaker;
    list.push({
      priority: "medium",
      action: "Check the external feed with its provider",
      reason: `Its circuit breaker is ${state} after ${whole(failure_count)} failures in a row`,
    });
  }
  if (list.length === 0)
    list.push({
      priority: "low",
      action: "Nothing to do",
      reason: "All limits are kept and all sources are of high quality",
    });
  const rank = { high: 0, medium: 1, low: 2 };
  return list.toSorted((a, b) => rank[a.priority] - rank[b.priority]);
}
