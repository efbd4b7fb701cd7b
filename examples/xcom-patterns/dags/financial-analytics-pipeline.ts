import { financialAnalyticsPipeline } from "../src/financial-analytics-pipeline.ts";

export default financialAnalyticsPipeline();
