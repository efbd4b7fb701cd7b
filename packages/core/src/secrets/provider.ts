import type { ConnectionInput } from "./connection.ts";
import type { SecretKind } from "./secret-name.ts";

export interface SecretCall {
  /** Aborts when the answer is not waited for any longer. */
  readonly signal: AbortSignal;
}

/** Something that a provider has, without its value. */
export interface SecretListing {
  readonly kind: SecretKind;
  readonly name: string;
}

/** What a provider's own look at a connection found. */
export interface ConnectionCheck {
  readonly ok: boolean;
  /** One sentence, without any value. */
  readonly detail: string;
}

/**
 * Gives secrets and connections by name. Several are asked one after the other: the first that has a name wins, and one that
 * fails is not passed over. Made for stores of secrets: answers are kept by the engine, for five minutes unless told otherwise.
 */
export interface SecretProvider {
  /** Shown to people: where something was looked for, or came from. */
  readonly name: string;
  /**
   * The text of a secret; the URL or the object of a connection; `undefined` if it has nothing of that name. The name is made of
   * groups of `a-z0-9` with one of `_-./` between them, so it leads nowhere else when it is part of a path. What it throws or
   * rejects with is shown to people: it must hold no value.
   */
  get(
    kind: SecretKind,
    name: string,
    call: SecretCall,
  ): ConnectionInput | undefined | Promise<ConnectionInput | undefined>;
  /** What it has. Without this function it is listed as one that cannot say. */
  list?(call: SecretCall): readonly SecretListing[] | Promise<readonly SecretListing[]>;
  /** Tries a connection in a way of its own. */
  test?(name: string, call: SecretCall): ConnectionCheck | Promise<ConnectionCheck>;
  /** Lets go of what it holds, when its engine closes. */
  close?(): void | Promise<void>;
}
