// A process of its own: plans years by the hour and by the day, and says how much memory the first plans took at most.
import { planBackfill } from "@millrace/backfill";
import { cron, dag } from "@millrace/core";
import { median } from "./measure.ts";

const years = Number(process.argv[2]);
const rounds = Number(process.argv[3]);
const hourMs = 3_600_000;
const begin = Date.UTC(2016, 0, 1);
const end = new Date(Date.UTC(2016 + years, 0, 1) - 1).toISOString().slice(0, 10);
const existing = Array.from({ length: 1_000 * years }, (_, place) => ({
  logicalDate: begin + place * 7 * hourMs,
  state: "success" as const,
}));

const plan = (expression: string) => {
  const planned = dag("planned", { schedule: cron(expression), timezone: "Europe/Berlin" }, (d) => {
    d.task("t", () => 1);
  });
  return () => {
    const began = performance.now();
    const { counts } = planBackfill(planned, { from: "2016-01-01", to: end, existing, now: Date.UTC(2027, 0, 1) });
    return { took: performance.now() - began, dates: counts.total };
  };
};
const plans = { daily: plan("@daily"), hourly: plan("@hourly") };
const before = process.resourceUsage().maxRSS;
const firsts = { hourly: plans.hourly(), daily: plans.daily() };
const peakMb = (process.resourceUsage().maxRSS - before) / 1_024;
const measured = (["daily", "hourly"] as const).map((name) => {
  const all = Array.from({ length: rounds }, plans[name]).map(({ took }) => took);
  const { took, dates } = firsts[name];
  return [name, { firstMs: took, medianMs: median(all), dates }];
});
console.log(JSON.stringify({ ...Object.fromEntries(measured), peakMb }));
