import { coreError, shown } from "../../errors.ts";

/** Does what a request asks for; see `ServiceHost.answer`. */
export type RequestHandler = (payload: unknown) => unknown;

/** What other processes can ask of a service of the engine: its name has a dot, the rest is JSON. */
export interface ServiceRequest {
  readonly operation: `${string}.${string}`;
  readonly [key: string]: unknown;
}

const name = /^[a-z][A-Za-z-]{0,49}\.[a-z][A-Za-z-]{0,49}$/;

/** Who answers which requests beside the engine itself. */
export class ServiceRequests {
  readonly #handlers = new Map<string, RequestHandler>();
  #areComplete = false;

  /** @throws `REQUEST_NAME_INVALID` */
  add(operation: string, handler: RequestHandler): void {
    if (!name.test(operation) || this.#handlers.has(operation))
      throw coreError("REQUEST_NAME_INVALID", { operation: shown(operation) });
    this.#handlers.set(operation, handler);
  }

  handlerOf(operation: string): RequestHandler | undefined {
    return this.#handlers.get(operation);
  }

  /** Its service may still be about to start: the request waits. */
  mayCome(operation: string): boolean {
    return !this.#areComplete && name.test(operation);
  }

  /** All services have started. */
  complete(): void {
    this.#areComplete = true;
  }
}
