import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
import { Simulation, type SimulationOptions } from "../src/story/simulation.ts";
import { today } from "./small-world.ts";

/** A simulation in a folder of its own, which goes with it. */
export async function beginSimulation(
  options: Omit<SimulationOptions, "folder" | "now" | "openStore"> & { readonly now?: number },
): Promise<Simulation> {
  const folder = mkdtempSync(join(tmpdir(), "catchup-backfill-"));
  const database = memoryDatabase();
  const openStore = () => memoryStore({ database });
  const simulation = await Simulation.begin({ now: today, openStore, ...options, folder });
  const dispose = simulation[Symbol.asyncDispose].bind(simulation);
  simulation[Symbol.asyncDispose] = async () => {
    await dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  return simulation;
}
