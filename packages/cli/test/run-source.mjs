// The command as its bin file starts it, from the sources: `node --conditions=millrace-source run-source.mjs …`
import { main } from "../src/main.ts";

process.exit(await main(process.argv.slice(2)));
