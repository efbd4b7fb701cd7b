import { historicalSalesMigration } from "../src/historical-sales-migration.ts";
import { worldOfProject } from "../src/world.ts";

export default historicalSalesMigration(worldOfProject());
