/**
 * The pictures that a request brings: as its body, as a form, or as a list of URLs.
 *
 * @module
 */

import { formats } from "../image/decode.ts";
import { readBody } from "./body.ts";
import { deadline } from "./deadline.ts";
import type { Settings } from "./options.ts";
import { Problem } from "./problem.ts";
import { fetchPictures } from "./remote.ts";
import type { PictureFile } from "./task.ts";

/**
 * Reads a request's pictures.
 *
 * @returns One or more, each with the signature of a kind that can be decoded.
 * @throws {Problem} 400, 408, 413, 415 or 422.
 */
export async function readPictures(
  request: Request,
  settings: Settings,
  signal: AbortSignal,
): Promise<PictureFile[]> {
  const type = (request.headers.get("content-type") ?? "").toLowerCase();
  const [mime] = type.split(";", 1).map((text) => text.trim());
  const isList = mime === "application/json";
  const isForm = mime === "multipart/form-data";
  if (isList && settings.allowedHosts.length === 0) {
    throw new Problem(
      415,
      "this server fetches no URLs: send the picture itself",
    );
  }
  const isPicture = mime === "" || mime === "application/octet-stream" ||
    mime.startsWith("image/");
  if (!isList && !isForm && !isPicture) {
    throw new Problem(
      415,
      `got a body of ${mime}: a picture as image/* or application/octet-stream, or ` +
        `as multipart/form-data, is allowed; curl -F image=@cat.jpg sends one`,
    );
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new Problem(415, `got a body in ${encoding}: identity is allowed`, {
      "accept-encoding": "identity",
    });
  }
  const bytes = await bodyInTime(request, settings, signal);
  const pictures = isList
    ? await fetchPictures(urlsOf(bytes, settings.batchSize), settings, signal)
    : isForm
    ? await partsOf(bytes, request)
    : [{ name: "body", bytes }];
  requireCount(pictures.length, settings.batchSize);
  for (const picture of pictures) requireSignature(picture);
  return pictures;
}

async function bodyInTime(
  request: Request,
  { limits }: Settings,
  parent: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { bodySeconds, bodyBytes } = limits;
  const late = () =>
    new Problem(408, `the body was not there within ${bodySeconds} seconds`, {
      connection: "close",
    });
  using body = deadline(bodySeconds, late, parent);
  return await readBody(request, bodyBytes, body.signal);
}

async function partsOf(
  bytes: Uint8Array<ArrayBuffer>,
  { headers }: Request,
): Promise<PictureFile[]> {
  const type = headers.get("content-type")!;
  let form: FormData;
  try {
    form = await new Response(bytes, { headers: { "content-type": type } })
      .formData();
  } catch (error) {
    throw new Problem(
      400,
      `the form does not parse: ${(error as Error).message}`,
    );
  }
  const files = [...form.values()].filter((value) => value instanceof File);
  return await Promise.all(files.map(async (file) => ({
    name: file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  })));
}

function urlsOf(bytes: Uint8Array, most: number): string[] {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Problem(
      400,
      `the list does not parse: ${(error as Error).message}`,
    );
  }
  if (!Array.isArray(list) || list.some((url) => typeof url !== "string")) {
    throw new Problem(
      400,
      `got other JSON: a list of URLs, ["https://…"], is allowed`,
    );
  }
  requireCount(list.length, most);
  return list;
}

function requireCount(count: number, most: number): void {
  if (count === 0) throw new Problem(422, "there is no picture in the request");
  if (count > most) {
    throw new Problem(
      413,
      `got ${count} pictures: 1 to ${most} are allowed at a time`,
    );
  }
}

function requireSignature({ name, bytes }: PictureFile): void {
  if (bytes.length === 0) throw new Problem(422, `"${name}" is empty`);
  if (formats.some((format) => format.matches(bytes))) return;
  const known = formats.map((format) => format.name).join(", ");
  throw new Problem(415, `"${name}" is none of ${known}`);
}
