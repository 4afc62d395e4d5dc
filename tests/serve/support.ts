/** Helpers for the server's tests. */

import assert from "node:assert/strict";
import { type ArchRow, createModel, type ResNet } from "../../mod.ts";
import {
  createHandler,
  type Handler,
  type HandlerOptions,
} from "../../src/serve/mod.ts";
import { openApi } from "../../src/serve/openapi.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { writePth } from "../weights/pth_writer.ts";

/** A small network with a head of four classes. */
export const tiny: ArchRow = {
  name: "tiny",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 4,
};

/** A file with its weights; random ones would take longer to make than most answers. */
const tinyWeights = "out/test/serve_tiny.pth";
await Deno.mkdir("out/test", { recursive: true });
await writePth(formulaCheckpoint(tiny), tinyWeights);

/** The model behind {@linkcode tinyHandler}. */
export function tinyModel(): Promise<ResNet> {
  return createModel(tiny, null, tinyWeights);
}

/** The pictures of the examples. */
export const [chelsea, rocket, coffee] = await Promise.all(
  ["chelsea.png", "rocket.jpg", "coffee.png"].map((name) =>
    Deno.readFile(`examples/images/${name}`)
  ),
);

/** Headers of a JSON body. */
export const asJson = { "content-type": "application/json" };

/** A handler of the tiny network, by default in this thread. */
export function tinyHandler(options: HandlerOptions = {}): Handler {
  return createHandler({
    arch: tiny,
    pretrained: tinyWeights,
    thread: false,
    ...options,
  });
}

/** A POST request. */
export function post(
  path: string,
  body?: BodyInit,
  init: RequestInit = {},
): Request {
  return new Request(`http://localhost${path}`, {
    method: "POST",
    body,
    ...init,
  });
}

/** A form with files. */
export function form(
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
): FormData {
  const data = new FormData();
  for (const [name, bytes] of Object.entries(files)) {
    data.append("image", new File([bytes], name));
  }
  return data;
}

/** A path of the OpenAPI description. */
interface Described {
  readonly responses: Record<
    number,
    { readonly content: Record<string, unknown> }
  >;
}

/** Sends a request, and checks that `/openapi.json` describes the answer. */
export async function ask(
  handler: Handler,
  request: Request,
): Promise<Response> {
  const response = await handler(request);
  const { pathname } = new URL(request.url);
  requireDescribed(request.method, pathname, response);
  return response;
}

/** Checks that the description includes the answer. */
export function requireDescribed(
  method: string,
  pathname: string,
  { status, headers }: Response,
): void {
  const paths = openApi.paths as Record<string, Record<string, Described>>;
  const path = paths[pathname];
  if (!path) return assert.equal(status, 404);
  const { responses } = path[method.toLowerCase()] ?? Object.values(path)[0];
  assert(responses[status], `${status} of ${pathname} is not described`);
  const [type] = headers.get("content-type")!.split(";");
  assert(
    type in responses[status].content,
    `${type} of ${pathname}, ${status} is not described`,
  );
}

/** Checks that a request gets a problem with this status and detail. */
export async function refused(
  handler: Handler,
  request: Request,
  status: number,
  detail: RegExp,
): Promise<Response> {
  const response = await ask(handler, request);
  const problem = await response.json();
  assert.equal(response.status, status, JSON.stringify(problem));
  assert.equal(
    response.headers.get("content-type"),
    "application/problem+json",
  );
  assert.deepEqual(Object.keys(problem), ["type", "title", "status", "detail"]);
  assert.equal(problem.status, status);
  assert.match(problem.detail, detail);
  return response;
}
