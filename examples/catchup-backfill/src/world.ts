import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "@millrace/core";
import { projectFile } from "./project-files.ts";
import { openShop } from "./source-system/shop.ts";
import type { ShopCalendar } from "./source-system/shop-calendar.ts";
import { openTarget } from "./target/open-target.ts";

/** The systems around the DAGs: where they are, and whose time they go by. */
export interface World {
  readonly folder: string;
  readonly clock: Clock;
  readonly calendar: ShopCalendar;
  /** Address of the shop's gateway; `undefined` when nobody serves it. */
  gatewayUrl(): string | undefined;
  /** Where people are told things; `undefined` when nobody listens. */
  webhookUrl(): string | undefined;
  /** Settings of catchup that may be changed while the DAGs are at work. */
  readonly catchupFile: string;
  /** How long an answer of the gateway is waited for, in real time. */
  readonly answerWithinMs: number;
  /** Whether the databases wait for the disk, so that a power cut loses nothing. Simulations need not. */
  readonly isLasting: boolean;
  /** How long reading a row from a source takes. 0 unless the demo wants time to pass. */
  readonly msPerRow: number;
}

export const shopFile = (world: Pick<World, "folder">): string => join(world.folder, "shop.db");
export const targetFile = (world: Pick<World, "folder">): string => join(world.folder, "warehouse.db");
export const partnerFolder = (world: Pick<World, "folder">): string => join(world.folder, "partner");

/** Reads the shop as it is now. */
export function withShop<T>(world: World, read: (shop: DatabaseSync) => T): T {
  const shop = openShop(shopFile(world), world.calendar, world.clock.now(), world);
  try {
    return read(shop);
  } finally {
    shop.close();
  }
}

/** Works on the target system. */
export function withTarget<T>(world: Pick<World, "folder" | "isLasting">, work: (target: DatabaseSync) => T): T {
  const target = openTarget(targetFile(world), world);
  try {
    return work(target);
  } finally {
    target.close();
  }
}

/** Waits as long as reading so many rows would take. */
export async function transferOf(world: World, rows: number, signal: AbortSignal): Promise<void> {
  if (world.msPerRow > 0) await world.clock.sleep(rows * world.msPerRow, signal);
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Business day 0 of a shop that has thirty days behind it at `now`: its books open at two in the morning. */
export function calendarFrom(now: number): ShopCalendar {
  const daysAgo = now - 30 * dayMs;
  return { openedAt: Math.floor((daysAgo - 2 * hourMs) / dayMs) * dayMs + 2 * hourMs, dayMs };
}

/**
 * The world of the command. It lies in `.world/`, is founded when a task first needs it, and goes by the machine's clock.
 * `npm run serve` serves its gateway and notes the address there.
 */
export function worldOfProject(clock: Clock = systemClock): World {
  const folder = projectFile(".world");
  return {
    folder,
    clock,
    get calendar() {
      return foundedCalendar(folder, clock.now());
    },
    catchupFile: projectFile("catchup.yaml"),
    answerWithinMs: 5_000,
    isLasting: true,
    msPerRow: 0,
    gatewayUrl: () => addressOf(folder, "gateway"),
    webhookUrl: () => addressOf(folder, "webhook"),
  };
}

function foundedCalendar(folder: string, now: number): ShopCalendar {
  const file = join(folder, "calendar.json");
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ShopCalendar;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  mkdirSync(folder, { recursive: true });
  const calendar = calendarFrom(now);
  writeFileSync(file, JSON.stringify(calendar));
  return calendar;
}

/** Where a service of this world listens, as it has noted it when it began. `undefined` when it never did. */
function addressOf(folder: string, service: "gateway" | "webhook"): string | undefined {
  try {
    return readFileSync(join(folder, `${service}.url`), "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
