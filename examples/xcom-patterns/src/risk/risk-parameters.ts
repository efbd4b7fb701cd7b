import { z } from "zod";

const share = z.number().positive();

const riskParameters = z.object({
  confidence_levels: z.array(z.number().min(0.5).max(0.9999)).min(1).default([0.95, 0.99]),
  trading_days_per_year: z.number().positive().default(252),
  months_per_year: z.number().positive().default(12),
  rolling_window_days: z.int().min(2).default(63),
  portfolio: z
    .object({
      value: z.number().positive().default(1_000_000),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/)
        .default("USD"),
      benchmark: z.string().default("^GSPC"),
    })
    .prefault({}),
  /** A limit that is not given is not checked. */
  limits: z
    .object({
      daily_value_at_risk_99: share.optional(),
      daily_expected_shortfall_99: share.optional(),
      annualised_volatility: share.optional(),
      max_drawdown: share.optional(),
      beta: share.optional(),
      implied_volatility: share.optional(),
    })
    .prefault({}),
});

/** Settings of the analysis: what the file says, with defaults for what it leaves out. */
export type RiskParameters = z.infer<typeof riskParameters>;

/** Settings as they were delivered; those that make no sense are as good as absent. */
export function parseRiskParameters(value: unknown): RiskParameters {
  const parsed = riskParameters.safeParse(value ?? {});
  return parsed.success ? parsed.data : riskParameters.parse({});
}
