/**
 * @file GitHub's REST API on the loopback interface, as far as the bot uses it: routes, pages, rate
 * limits, failing servers, validation errors. What is sent and what is answered is checked against
 * GitHub's own OpenAPI description (github-api.json), so that it cannot drift into a wish.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv, type ValidateFunction } from "ajv";

interface Operation {
  readonly requestBody?: {
    readonly content: { readonly "application/json": { readonly schema: object } };
  };
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: Record<string, { schema: object }>; readonly $ref?: string }
    >
  >;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Record<string, object> };
}

/** OpenAPI 3.0's `nullable` in the words of JSON Schema. */
const withNull = (_: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || !("nullable" in value)) return value;
  const { nullable, ...rest } = value;
  return nullable === true ? { anyOf: [{ type: "null" }, rest] } : rest;
};

const DESCRIPTION = JSON.parse(
  readFileSync(new URL("github-api.json", import.meta.url), "utf8"),
  withNull,
) as Description;

// Formats are descriptions there.
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema({ $id: "github", components: DESCRIPTION.components });

const compiled = new Map<object, ValidateFunction>();

/** References of the description point into it. */
function validatorOf(schema: object): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const text = JSON.stringify(schema).replaceAll('"#/components', '"github#/components');
  const validate = ajv.compile(JSON.parse(text));
  compiled.set(schema, validate);
  return validate;
}

/** Undefined when the value is as GitHub describes it. */
export function schemaProblem(schema: object, value: unknown): string | undefined {
  const validate = validatorOf(schema);
  if (validate(value)) return undefined;
  return ajv.errorsText(validate.errors?.slice(0, 3));
}

export const schemaOf = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

type Handler = (call: Call, parameters: Readonly<Record<string, string>>) => Answer | unknown[];

export interface Loopback {
  readonly url: string;
  readonly calls: readonly Call[];
  /** Requests or answers that GitHub's description does not allow. */
  readonly problems: readonly string[];
  /** Answers of the next requests, before any route is asked. */
  readonly failNext: (...answers: readonly Answer[]) => void;
  close(): Promise<void>;
}

/** Serves `routes`, by `METHOD /path/{with}/{names}`. A handler's array is served in pages. */
export async function loopbackGithub(routes: Readonly<Record<string, Handler>>): Promise<Loopback> {
  const calls: Call[] = [];
  const problems: string[] = [];
  const failures: Answer[] = [];
  const server = createServer(async (request, response) => {
    const call = await callOf(request);
    calls.push(call);
    const failure = failures.shift();
    if (failure) return send(response, failure);
    const found = routeOf(routes, call);
    if (!found) return send(response, { status: 404, body: { message: "Not Found" } });
    const answer = answerOf(found, call, addressOf(server.address()), problems);
    send(response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: addressOf(server.address()),
    calls,
    problems,
    failNext: (...answers) => {
      failures.push(...answers);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const addressOf = (address: unknown): string => `http://127.0.0.1:${(address as AddressInfo).port}`;

async function callOf(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  return {
    method: request.method ?? "GET",
    path: decodeURIComponent(pathname),
    query: searchParams,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

interface Found {
  readonly template: string;
  readonly handler: Handler;
  readonly parameters: Readonly<Record<string, string>>;
}

function routeOf(
  routes: Readonly<Record<string, Handler>>,
  { method, path }: Call,
): Found | undefined {
  for (const [name, handler] of Object.entries(routes)) {
    const [verb, template] = name.split(" ") as [string, string];
    const pattern = new RegExp(`^${template.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
    const match = verb === method ? pattern.exec(path) : null;
    if (match) return { template, handler, parameters: { ...match.groups } };
  }
  return undefined;
}

function answerOf(
  { template, handler, parameters }: Found,
  call: Call,
  url: string,
  problems: string[],
): Answer {
  const operation = DESCRIPTION.paths[template]?.[call.method.toLowerCase()];
  const wanted = operation?.requestBody?.content["application/json"].schema;
  const wrong = wanted && schemaProblem(wanted, call.body);
  if (wrong) {
    problems.push(`${call.method} ${call.path}: sent ${wrong}`);
    return { status: 422, body: { message: "Validation Failed", errors: [{ message: wrong }] } };
  }
  const handled = handler(call, parameters);
  const answer = Array.isArray(handled) ? pageOf(handled, call, url) : handled;
  const described = Object.values(operation?.responses ?? {})[0]?.content?.["application/json"]
    ?.schema;
  const odd =
    described && (answer.status ?? 200) < 300 ? schemaProblem(described, answer.body) : undefined;
  if (odd) problems.push(`${call.method} ${call.path}: answered ${odd}`);
  return answer;
}

/** One page of a list, with the `link` header that leads to the next. */
function pageOf(all: readonly unknown[], { path, query }: Call, url: string): Answer {
  const size = Number(query.get("per_page") ?? 30);
  const page = Number(query.get("page") ?? 1);
  const more = page * size < all.length;
  const next = new URLSearchParams(
    [...query, ["page", `${page + 1}`]].filter(
      ([name, value]) => name !== "page" || value === `${page + 1}`,
    ) as [string, string][],
  );
  return {
    body: all.slice((page - 1) * size, page * size),
    ...(more && { headers: { link: `<${url}${path}?${next}>; rel="next"` } }),
  };
}

function send(response: ServerResponse, { status = 200, body, headers = {} }: Answer): void {
  const binary = body instanceof Uint8Array;
  response.writeHead(status, {
    "content-type": binary ? "application/zip" : "application/json; charset=utf-8",
    "x-github-request-id": "0000",
    ...headers,
  });
  response.end(binary ? body : body === undefined ? "" : JSON.stringify(body));
}
