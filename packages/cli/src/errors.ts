import { defineErrors } from "@millrace/core/plugin";

/** Every error of the command itself, with its cure. */
export const cliErrorTable = {
  USAGE_INVALID: {
    says: "{what}",
    cure: "See `{command} --help`.",
  },
  JSON_INVALID: {
    says: "{option} is not JSON: {why}",
    cure: 'Quote it for your shell, for example {option} \'{"region":"eu"}\', or name a file: {option} @params.json',
  },
  JSON_NOT_OBJECT: {
    says: "{option} is {value}, but a JSON object is needed",
    cure: 'Write it like {option} \'{"region":"eu"}\'.',
  },
  JSON_KEY_REFUSED: {
    says: "{option} has the key '{key}', which may not be used",
    cure: "Rename it; '__proto__', 'constructor' and 'prototype' could reach into other objects.",
  },
  RUN_NONE: {
    says: "DAG '{dagId}' has no run yet",
    cure: "Start one with `millrace run {dagId}`.",
  },
  TASK_INSTANCE_NOT_FOUND: {
    says: "Run '{runId}' of DAG '{dagId}' has no task '{taskId}'{index}",
    cure: "See `millrace tasks states {dagId} {runId}`.",
  },
  XCOM_ABSENT: {
    says: "Task '{taskId}' of run '{runId}' has no XCom '{key}'{index}",
    cure: "See `millrace xcom list {dagId} {runId}`.",
  },
  ENGINE_NOT_RUNNING: {
    says: "No engine works on {location}, so nobody would do it",
    cure: "Start one with `millrace start`, or make the run here with `millrace run`.",
  },
  NOTIFIER_ABSENT: {
    says: "The config names no notifier",
    cure: 'Add one to `services`, for example ["@millrace/notify", { channels: { … } }].',
  },
  CHANNEL_NOT_FOUND: {
    says: "There is no channel '{channel}'",
    cure: "Use one of: {known}.",
  },
  PORT_NOT_OPENED: {
    says: "Port {port} of this machine could not be opened: {why}",
    cure: "Choose another one, or 0 for any that is free.",
  },
  QUESTION_UNANSWERED: {
    says: "{what} changes what is recorded, and nobody can be asked whether that is meant",
    cure: "Add --yes if it is, or --dry-run to see what it concerns.",
  },
  STORE_EMPTY: {
    says: "Nothing is recorded in {location} yet",
    cure: "Start a run with `millrace run`, or check the settings with `millrace config explain`.",
  },
  STORE_OPAQUE: {
    says: "The store '{name}' offers no {what}",
    cure: "Use a store that does, for example @millrace/store-sqlite.",
  },
  TEMPLATE_UNKNOWN: {
    says: "There is no template '{template}'",
    cure: "Use one of: {known}.",
  },
  FOLDER_NOT_EMPTY: {
    says: "{path} is not empty: it has {what}",
    cure: "Name a new folder (`millrace init demo`), or add what is missing to this one with `millrace init --yes`; nothing is written over.",
  },
  FILE_EXISTS: {
    says: "{path} exists already",
    cure: "Choose another name or remove it; nothing was written over.",
  },
  FILE_NOT_WRITTEN: {
    says: "{path} could not be written: {why}",
    cure: "Give this user write permission there, or choose another place.",
  },
  FILE_NOT_READ: {
    says: "{path} could not be read: {why}",
    cure: "Check the path and its permissions.",
  },
} as const;

/** The error of a code of the command. */
export const cliError = defineErrors(cliErrorTable);
