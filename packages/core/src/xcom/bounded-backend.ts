import { coreError, isMillraceError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import type { XComBackend } from "./backend.ts";
import type { XComAddress } from "./parts.ts";

interface Bounds {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Told each time that a part fails. */
  readonly onFailure: (reason: "error" | "timeout") => void;
}

/**
 * A backend whose parts may hang: whoever waits for one is told after a while, and what the part still does is nobody's
 * any more. Values that no part has touched pass through.
 */
export function boundedBackend(backend: XComBackend, { clock, timeoutMs, onFailure }: Bounds): XComBackend {
  const within = async <T>(what: string, { key, taskId }: XComAddress, act: () => Promise<T>): Promise<T> => {
    const over = new AbortController();
    const late = clock.sleep(timeoutMs, over.signal).then((): never => {
      throw coreError("XCOM_TIMEOUT", { key, taskId, what, timeout: formatDuration(timeoutMs) });
    });
    try {
      return await Promise.race([act(), late]);
    } catch (error) {
      onFailure(isMillraceError(error, "XCOM_TIMEOUT") ? "timeout" : "error");
      throw error;
    } finally {
      over.abort();
    }
  };
  const { isPlain } = backend;
  return {
    isPlain,
    serialize: (value, address) => {
      if (isPlain) return backend.serialize(value, address);
      return within("written", address, () => backend.serialize(value, address));
    },
    serializeText: (text, address) => {
      if (isPlain) return backend.serializeText(text, address);
      return within("written", address, () => backend.serializeText(text, address));
    },
    deserialize: (stored, address) => {
      if (typeof stored === "string") return backend.deserialize(stored, address);
      return within("read", address, () => backend.deserialize(stored, address));
    },
    deserializeText: (stored, address) => {
      if (typeof stored === "string") return backend.deserializeText(stored, address);
      return within("read", address, () => backend.deserializeText(stored, address));
    },
    purge: (stored) => backend.purge(stored),
  };
}
