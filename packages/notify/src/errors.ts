import { defineErrors } from "@millrace/core/plugin";

/** Every error of this package, with its cure. */
export const notifyErrorTable = {
  NOTIFY_OPTION_INVALID: {
    says: "Option '{option}' of {where} is wrong: {why}",
    cure: "Correct it where the notifier or its channel is made, or in the config file.",
  },
  NOTIFY_SECRET_MISSING: {
    says: "{where} takes its {what} from the environment variable {name}, which is not set",
    cure: "Set {name} where Millrace is started, or give the {what} in another way.",
  },
  NOTIFY_INSECURE: {
    says: "{where} would send {what} over a connection that anybody on the way can read",
    cure: "Use https:// and startTls 'required'; only for a server on this machine, or with allowInsecure, may it be otherwise.",
  },
  NOTIFY_CHANNEL_UNKNOWN: {
    says: "There is no channel {names}, which `notify` of {who} names",
    cure: "Add it to `channels` of the notifier, or correct the name in `notify`. What was to be told there is told nowhere.",
  },
  NOTIFY_UNREACHABLE: {
    says: "{where} could not be reached: {why}",
    cure: "See whether the server is up and can be reached from here; `millrace notify test` tries again.",
  },
  NOTIFY_TIMEOUT: {
    says: "{where} took longer than {seconds} s",
    cure: "See what holds up the server, or raise `sendTimeout`.",
  },
  NOTIFY_LOGIN_REFUSED: {
    says: "{where} does not accept the login: {why}",
    cure: "Check user and password, and whether the server wants a password made for programs.",
  },
  NOTIFY_TLS_FAILED: {
    says: "{where} could not be talked to in private: {why}",
    cure: "Check host, port and certificate of the server; give a certificate authority of your own as `tls.ca`.",
  },
  NOTIFY_BUSY: {
    says: "{where} asks for patience: {why}",
    cure: "Nothing has to be done: it is tried again. If it stays so, send less or ask who runs the server.",
  },
  NOTIFY_SERVER_FAILED: {
    says: "{where} failed: {why}",
    cure: "It is tried again. If it stays so, see what is wrong with the server.",
  },
  NOTIFY_REFUSED: {
    says: "{where} takes no message from us: {why}",
    cure: "Check the address, and whether it is still allowed to send there: a webhook may have been revoked, a recipient may be gone.",
  },
  NOTIFY_MESSAGE_REFUSED: {
    says: "{where} does not take this message: {why}",
    cure: "The message was dropped. Check that `format` is what the receiver expects.",
  },
  NOTIFY_REDIRECTED: {
    says: "{where} sends us elsewhere ({status}), and a message is not taken there",
    cure: "Give the address that it leads to, if you trust it.",
  },
  NOTIFY_CHANNEL_DOWN: {
    says: "Channel '{channel}' is down; {waiting} message(s) wait for it: {why}",
    cure: "See `millrace notify test {channel}`. Runs go on, and what waits is sent when it is up again.",
  },
  NOTIFY_CHANNEL_UNFIT: {
    says: "Channel '{channel}' could send nothing: {why}",
    cure: "See `millrace notify test {channel}`, and what the cause says.",
  },
  NOTIFY_MESSAGES_DROPPED: {
    says: "Messages for channel '{channel}' are dropped: {why}",
    cure: "See `millrace notify test {channel}`; raise `queueLimit` or `giveUpAfter` to keep more.",
  },
  NOTIFY_STATE_CORRUPT: {
    says: "What the notifier '{name}' has stored under '{key}' ({length} characters) cannot be read: {why}",
    cure: "It was passed over. See who else writes to the store; what was waiting there is not told.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type NotifyErrorCode = keyof typeof notifyErrorTable;

/** The error of a code of this package. */
export const notifyError = defineErrors(notifyErrorTable);
