import { expect } from "vitest";
import { noon } from "./changes.ts";
import { openEngine, type StoreCase } from "./store-case.ts";

export const openingCases: readonly StoreCase[] = [
  {
    name: "has a name",
    async run(place) {
      expect(place.connect().name).toMatch(/^[a-z][a-z0-9-]*$/);
    },
  },
  {
    name: "each engine gets an epoch that is one larger",
    async run(place) {
      for (const epoch of [1, 2, 3]) {
        const store = place.connect();
        expect(await store.open("engine")).toEqual({ epoch });
        await store.close();
      }
    },
  },
  {
    name: "opening twice is harmless and does not count as another engine",
    async run(place) {
      const store = place.connect();
      await store.open("engine");
      expect(await store.open("engine")).toEqual({ epoch: 1 });
      await store.commit([{ kind: "putSetting", key: "k", value: "v", at: noon }]);
      expect(await store.settings.get("k")).toBe("v");
    },
  },
  {
    name: "a second engine is locked out until the first one closes",
    async run(place) {
      const first = await openEngine(place);
      const second = place.connect();
      await expect(second.open("engine")).rejects.toMatchObject({ code: "STORE_LOCKED" });
      await first.close();
      expect(await second.open("engine")).toEqual({ epoch: 2 });
    },
  },
  {
    name: "readers work beside an engine, see what it commits and count as no engine",
    async run(place) {
      const engine = await openEngine(place);
      const reader = place.connect();
      expect(await reader.open("reader")).toEqual({ epoch: 0 });
      await engine.commit([{ kind: "putSetting", key: "k", value: "v", at: noon }]);
      expect(await reader.settings.get("k")).toBe("v");
    },
  },
  {
    name: "a reader cannot write",
    async run(place) {
      const engine = await openEngine(place);
      const reader = place.connect();
      await reader.open("reader");
      await expect(reader.commit([{ kind: "putSetting", key: "k", value: "v", at: noon }])).rejects.toMatchObject({
        code: "STORE_READ_ONLY",
      });
      expect(await engine.settings.get("k")).toBeUndefined();
    },
  },
  {
    name: "what was committed is there for the next engine",
    async run(place) {
      const first = await openEngine(place);
      await first.commit([{ kind: "putSetting", key: "k", value: "v", at: noon }]);
      await first.close();
      const second = await openEngine(place);
      expect(await second.settings.get("k")).toBe("v");
    },
  },
  {
    name: "a store that was never opened, or is closed, answers STORE_CLOSED",
    async run(place) {
      const closed = { code: "STORE_CLOSED" };
      const store = place.connect();
      await expect(store.commit([])).rejects.toMatchObject(closed);
      await expect(store.dags.list()).rejects.toMatchObject(closed);
      await store.open("engine");
      await store.close();
      await store.close();
      await expect(store.open("engine")).rejects.toMatchObject(closed);
      await expect(store.commit([{ kind: "putSetting", key: "k", value: "v", at: noon }])).rejects.toMatchObject(
        closed,
      );
      await expect(store.dags.list()).rejects.toMatchObject(closed);
      await expect(store.runs.active()).rejects.toMatchObject(closed);
      await expect(store.tasks.get(1)).rejects.toMatchObject(closed);
      await expect(store.xcoms.getMany([], "k")).rejects.toMatchObject(closed);
      await expect(store.chunks.get("s", 0)).rejects.toMatchObject(closed);
      await expect(store.events.list({})).rejects.toMatchObject(closed);
      await expect(store.events.last()).rejects.toMatchObject(closed);
      await expect(store.tasks.running()).rejects.toMatchObject(closed);
      await expect(store.requests.pending()).rejects.toMatchObject(closed);
      await expect(store.logs.list({ taskInstanceNo: 1 })).rejects.toMatchObject(closed);
      await expect(store.pools.list()).rejects.toMatchObject(closed);
      await expect(store.settings.get("k")).rejects.toMatchObject(closed);
      await expect(store.state.get("n", "k")).rejects.toMatchObject(closed);
    },
  },
];
