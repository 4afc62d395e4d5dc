/**
 * A cache in the Cache API of browsers and Workers.
 *
 * Its keys are URLs without a real host: for each file the list of its parts, and the parts. A
 * response is stored once its body has ended without an error. The browser decides how long it stays.
 * Some Workers can't list their cache, but can still use it.
 *
 * @module
 */

import type { ByteSource } from "../../runtime/byte_source.ts";
import { openByteSource } from "../../runtime/open_source.ts";
import {
  isWhole,
  type KeptFile,
  type PartWriter,
  type WeightsCache,
} from "./cache.ts";
import type { Span } from "./span.ts";
import type { FileVersion } from "./remote_file.ts";

/** The cache's name among those of its site. */
const NAME = "layertap";
/** Some Workers store only responses that say how long they last. */
const FOREVER = { "cache-control": "public, max-age=31536000, immutable" };

const partsKey = (url: string) =>
  `https://layertap.invalid/parts?${new URLSearchParams({ url })}`;

const partKey = (version: FileVersion, { offset, end }: Span) =>
  `https://layertap.invalid/part?${new URLSearchParams({
    version: JSON.stringify(version),
    part: `${offset}-${end}`,
  })}`;

/** Keeps files in the site's Cache API. */
export class BrowserCache implements WeightsCache {
  async find(url: string, sha256?: string): Promise<KeptFile | undefined> {
    const file = await this.#find(url);
    return file?.version.sha256 === sha256 ? file : undefined;
  }

  async #find(url: string): Promise<KeptFile | undefined> {
    const cache = await caches.open(NAME);
    const response = await cache.match(partsKey(url));
    return await response?.json();
  }

  async open(
    version: FileVersion,
    part: Span,
  ): Promise<ByteSource | undefined> {
    const cache = await caches.open(NAME);
    const blob = await (await cache.match(partKey(version, part)))?.blob();
    if (blob?.size === part.end - part.offset) {
      return await openByteSource(blob);
    }
    return undefined;
  }

  async create(version: FileVersion, part: Span): Promise<PartWriter> {
    const cache = await caches.open(NAME);
    const { readable, writable } = new TransformStream<
      Uint8Array<ArrayBuffer>
    >();
    const writer = writable.getWriter();
    const stored = cache.put(
      partKey(version, part),
      new Response(readable, { headers: FOREVER }),
    );
    stored.catch(() => {}); // `commit` throws it.
    return {
      async write(chunk) {
        await writer.write(new Uint8Array(chunk));
      },
      commit: async () => {
        await writer.close();
        await stored;
        await this.#addPart(version, part);
      },
      async abort() {
        await writer.abort().catch(() => {});
      },
    };
  }

  async remove(url: string): Promise<void> {
    const cache = await caches.open(NAME);
    const file = await this.#find(url);
    for (const part of file?.parts ?? []) {
      await cache.delete(partKey(file!.version, part));
    }
    await cache.delete(partsKey(url));
  }

  async list(): Promise<KeptFile[]> {
    const cache = await caches.open(NAME);
    const files: KeptFile[] = [];
    for (const { url } of await cache.keys()) {
      if (!url.startsWith(partsKey(""))) continue;
      const response = await cache.match(url);
      if (response !== undefined) files.push(await response.json());
    }
    return files;
  }

  /** Two tabs that do this at once may lose a part, which the next load fetches again. */
  async #addPart(version: FileVersion, part: Span): Promise<void> {
    const cache = await caches.open(NAME);
    const known = await this.#find(version.url);
    const isSame = JSON.stringify(known?.version) === JSON.stringify(version);
    const others = (isSame ? known!.parts : []).filter(({ offset, end }) =>
      offset !== part.offset || end !== part.end
    );
    if (isWhole(version, part)) {
      for (const { offset, end } of others.splice(0)) {
        await cache.delete(partKey(version, { offset, end }));
      }
    }
    const parts = [...others, part].sort((a, b) => a.offset - b.offset);
    const file: KeptFile = { version, parts };
    await cache.put(
      partsKey(version.url),
      Response.json(file, { headers: FOREVER }),
    );
  }
}
