/**
 * The pictures of a request: its body, the files of a form, or a list of URLs.
 *
 * @module
 */

import { formatOf } from "../image/decode.ts";
import { unsupported } from "../image/other_formats.ts";
import { bodyChunks, readBody } from "./body.ts";
import { readForm } from "./form.ts";
import type { Settings } from "./options.ts";
import { Problem } from "./problem.ts";
import { fetchPictures } from "./remote.ts";
import type { PictureFile } from "./task.ts";

/**
 * Reads a request's pictures.
 *
 * @returns One or more files with the signature of a supported format.
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
      "this server does not fetch URLs; send the picture itself",
    );
  }
  const isPicture = mime === "" || mime === "application/octet-stream" ||
    mime.startsWith("image/");
  if (!isList && !isForm && !isPicture) {
    throw new Problem(
      415,
      "expected a picture (image/* or application/octet-stream) or a form " +
        `(multipart/form-data), got ${mime}; try curl -F image=@cat.jpg`,
    );
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new Problem(415, `expected an uncompressed body, got ${encoding}`, {
      "accept-encoding": "identity",
    });
  }
  const { limits, batchSize } = settings;
  const pictures = isForm
    ? await readForm(
      bodyChunks(request, limits, signal),
      request.headers.get("content-type")!,
      batchSize,
      limits.maxBytes,
    )
    : await fromBytes(await readBody(request, limits, signal));
  requireCount(pictures.length, batchSize);
  for (const picture of pictures) requireSignature(picture);
  return pictures;

  async function fromBytes(
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<PictureFile[]> {
    if (!isList) return [{ name: "body", bytes }];
    return await fetchPictures(urlsOf(bytes, batchSize), settings, signal);
  }
}

function urlsOf(bytes: Uint8Array, most: number): string[] {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Problem(
      400,
      `the list can't be parsed: ${(error as Error).message}`,
    );
  }
  if (!Array.isArray(list) || list.some((url) => typeof url !== "string")) {
    throw new Problem(
      400,
      `expected a JSON list of URLs such as ["https://…"]`,
    );
  }
  requireCount(list.length, most);
  return list;
}

function requireCount(count: number, most: number): void {
  if (count === 0) throw new Problem(422, "the request has no picture");
  if (count > most) {
    throw new Problem(
      413,
      `got ${count} pictures; the limit is ${most} per request`,
    );
  }
}

function requireSignature({ name, bytes }: PictureFile): void {
  if (formatOf(bytes)) return;
  throw new Problem(
    bytes.length === 0 ? 422 : 415,
    `cannot decode "${name}": ${unsupported(bytes)}`,
  );
}
