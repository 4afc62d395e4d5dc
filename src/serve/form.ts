/**
 * The files of a form, parsed while it arrives.
 *
 * @module
 */

import { Problem } from "./problem.ts";
import type { PictureFile } from "./task.ts";

/** Bytes of a part's header, with the names of the field and the file. */
const maxHeaderSize = 4096;
/** Parts besides pictures: other fields of the form. */
const otherParts = 100;

/**
 * Reads the files of a form.
 *
 * @param type The request's content type, which has the boundary.
 * @param most The most files; nothing is read after one more.
 * @param maxBytes The most bytes of all parts.
 * @throws {Problem} 400 if the form can't be parsed, 413 if it has too many files or parts.
 */
export async function readForm(
  chunks: AsyncIterable<Uint8Array>,
  type: string,
  most: number,
  maxBytes: number,
): Promise<PictureFile[]> {
  const parser = await import("@remix-run/multipart-parser");
  const { getMultipartBoundary, MultipartParser, MultipartParseError } = parser;
  const unreadable = (why: string) =>
    new Problem(400, `the form can't be parsed: ${why}`);
  const boundary = getMultipartBoundary(type)?.trim();
  // RFC 2046, section 5.1.1.
  if (!boundary || boundary.length > 70) {
    throw unreadable("expected a boundary of 1 to 70 characters");
  }
  const files: PictureFile[] = [];
  const parts = new MultipartParser(boundary, {
    maxParts: most + otherParts,
    maxHeaderSize,
    maxFileSize: maxBytes,
    maxTotalSize: maxBytes,
  });
  let isDone = false;
  try {
    for await (const chunk of chunks) {
      if (isDone || chunk.length === 0) continue; // What follows the end is ignored.
      for (const { isFile, filename = "blob", bytes } of parts.write(chunk)) {
        if (!isFile) continue;
        if (files.length === most) {
          throw new Problem(
            413,
            `got more than ${most} pictures, the limit per request`,
          );
        }
        files.push({ name: filename, bytes: new Uint8Array(bytes) });
      }
      isDone = isFinished();
    }
    parts.finish();
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof parser.MaxPartsExceededError) {
      throw new Problem(413, `the form has more than ${parts.maxParts} parts`);
    }
    if (error instanceof MultipartParseError || error instanceof TypeError) {
      throw unreadable(error.message);
    }
    throw error;
  }
  return files;

  function isFinished(): boolean {
    try {
      parts.finish();
      return true;
    } catch {
      return false;
    }
  }
}
