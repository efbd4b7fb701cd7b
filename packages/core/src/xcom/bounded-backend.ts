import { coreError, isMillraceError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import type { XComBackend, XComBackendCall } from "./backend.ts";
import type { OnOperation } from "./operation.ts";
import type { XComAddress } from "./parts.ts";
import { isStreamEnvelope } from "./stream-part.ts";

interface Bounds {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Told each time that a part fails. */
  readonly onFailure: (reason: "error" | "timeout") => void;
  /** Told of everything that parts do. */
  readonly onOperation?: OnOperation;
}

/**
 * A backend whose parts may hang: they are told to stop after a while, whoever waits for them is told too, and what they
 * still do is nobody's any more. Values that no part has touched pass through. A stream may take as long as its task.
 */
export function boundedBackend(
  backend: XComBackend,
  { clock, timeoutMs, onFailure, onOperation }: Bounds,
): XComBackend {
  const within = async <T>(
    what: string,
    { key, taskId }: XComAddress,
    given: XComBackendCall | undefined,
    act: (call: XComBackendCall) => Promise<T>,
  ): Promise<T> => {
    const over = new AbortController();
    const stop = new AbortController();
    const late = clock.sleep(timeoutMs, over.signal).then((): never => {
      const error = coreError("XCOM_TIMEOUT", { key, taskId, what, timeout: formatDuration(timeoutMs) });
      if (!over.signal.aborted) stop.abort(error);
      throw error;
    });
    const signal = given?.signal ? AbortSignal.any([given.signal, stop.signal]) : stop.signal;
    try {
      return await Promise.race([act({ onOperation, ...given, signal }), late]);
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
    parts: backend.parts,
    readers: backend.readers,
    serialize(value, address, call) {
      if (isPlain) return backend.serialize(value, address, call);
      return within("written", address, call, (bounded) => backend.serialize(value, address, bounded));
    },
    serializeText(text, address, call) {
      if (isPlain) return backend.serializeText(text, address, call);
      return within("written", address, call, (bounded) => backend.serializeText(text, address, bounded));
    },
    async serializeStream(source, address, call) {
      return backend.serializeStream(source, address, { onOperation, ...call });
    },
    deserialize(stored, address, call) {
      if (typeof stored === "string") return backend.deserialize(stored, address, call);
      return within("read", address, call, (bounded) => backend.deserialize(stored, address, bounded));
    },
    deserializeText(stored, address, call) {
      if (typeof stored === "string") return backend.deserializeText(stored, address, call);
      return within("read", address, call, (bounded) => backend.deserializeText(stored, address, bounded));
    },
    deserializeStream(stored, address, call) {
      return backend.deserializeStream(stored, address, { onOperation, ...call });
    },
    isStale: (stored, address, call) => backend.isStale(stored, address, call),
    renew(stored, address, call) {
      const renew = (bounded: XComBackendCall) => backend.renew(stored, address, bounded);
      return isStreamEnvelope(stored) ? renew({ onOperation, ...call }) : within("written anew", address, call, renew);
    },
    async purge(stored, address, call) {
      const act = (bounded: XComBackendCall | undefined) => backend.purge(stored, address, bounded);
      return address ? within("removed", address, call, act) : act(call);
    },
  };
}
