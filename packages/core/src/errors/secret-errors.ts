import type { ErrorEntry } from "../errors.ts";

/** Secrets and connections. None of these texts ever holds a value. */
export const secretErrors = {
  SECRET_NAME_INVALID: {
    says: "{name} cannot name a {kind}",
    cure: "Use groups of small letters and digits with one _, -, . or / between them, at most 100 characters: 'api_token', 'shop-db'.",
  },
  SECRET_NOT_FOUND: {
    says: "There is no secret '{name}'; looked for in {places}",
    cure: "Set the variable {variable}, or add it under 'secrets' of the secrets file.",
  },
  CONNECTION_NOT_FOUND: {
    says: "There is no connection '{name}'; looked for in {places}",
    cure: "Set the variable {variable} to a URL, or add it under 'connections' of the secrets file or of the config.",
  },
  SECRET_INVALID: {
    says: "{kind} '{name}' from {place} cannot be used: {why}",
    cure: "Correct it there. The value itself is not shown.",
  },
  SECRET_PROVIDER_FAILED: {
    says: "{place} did not give {what}: {why}",
    cure: "Check that it can be reached and that this process may ask it; later places are not asked in its stead.",
  },
  SECRET_PROVIDER_INVALID: {
    says: "What '{provider}' gave is no {expected}: it is {value}",
    cure: "Correct the provider; see SecretProvider of @millrace/core/plugin.",
  },
  SECRETS_FILE_OPEN: {
    says: "The secrets file {path} may be read or written by others (mode {mode})",
    cure: "Take that from them: chmod 600 {path}",
  },
  SECRETS_FILE_INVALID: {
    says: "The secrets file {path} cannot be used: {why}",
    cure: "It holds YAML or JSON with 'secrets' and 'connections', each with values by name. Its content is not shown.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
