export { type MemoryDatabase, type MemoryStoreOptions, memoryDatabase, memoryStore } from "./store/memory-store.ts";
