/// <reference lib="dom" />
/**
 * Opens the weights of any ResNet: from a file, a URL, or by the name of official ones.
 *
 * @module
 */

import { type Checkpoint, createModel, type ResNet } from "@layertap/resnet";
import { guessArch, openCheckpoint } from "@layertap/resnet/weights";
import type { OfficialName, Progress } from "./protocol.ts";

/** Reports progress and can be cancelled. */
export interface OpenOptions {
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

/**
 * Throws if the work was cancelled. The message that says so arrives only between two tasks of the
 * event loop.
 */
export async function hear(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}

/** Milliseconds between two checks for cancellation. */
const turn = 30;

/** Opens weights; the names and shapes of a file's tensors tell the architecture. */
export async function openNetwork(
  source: File | string | OfficialName,
  options: OpenOptions,
): Promise<ResNet> {
  if (typeof source === "object" && "arch" in source) {
    return await openOfficial(source, options);
  }
  const file = source instanceof File
    ? source
    : await download(source, options);
  const opened = await openCheckpoint(file);
  try {
    const arch = guessArch(opened);
    if (arch.inChannels !== undefined && arch.inChannels !== 3) {
      throw new RangeError(
        `expected weights for RGB pictures, got ${arch.inChannels} input ` +
          `channels in ${opened.source}`,
      );
    }
    return await createModel(arch, null, watched(opened, options));
  } finally {
    opened.close();
  }
}

/** Fetches official weights from their host, or from the mirror if that can't be read from here. */
async function openOfficial(
  { arch, name }: OfficialName,
  { signal, progress }: OpenOptions,
): Promise<ResNet> {
  const tell = (what: string, share = NaN) => progress({ what, share });
  let hasBegun = false;
  tell(`Fetching ${arch}`);
  return await createModel(arch, null, name, {
    signal,
    onProgress({ source, loaded, total = NaN }) {
      hasBegun = true;
      tell(
        `Fetching ${arch} from ${new URL(source).host}`,
        Math.min(1, loaded / total),
      );
    },
    // Hosts that forbid it (CORS) look like hosts out of reach: further attempts rarely help.
    fetch: (url, init) =>
      fetch(url, init).catch((error) => {
        if (hasBegun || signal.aborted) throw error;
        return Response.error();
      }),
    warn: () => tell("The host can't be read from here; trying the mirror"),
  });
}

/** Wraps a checkpoint to report progress and to stop when cancelled. */
function watched(
  checkpoint: Checkpoint,
  { signal, progress }: OpenOptions,
): Checkpoint {
  const what = "Reading the weights";
  const total = checkpoint.tensors.size;
  let read = 0, heard = performance.now();
  return {
    ...checkpoint,
    async read(name) {
      if (performance.now() - heard > turn) {
        await hear(signal);
        heard = performance.now();
      }
      progress({ what, share: Math.min(1, read++ / total) });
      return await checkpoint.read(name);
    },
  };
}

async function download(
  url: string,
  { signal, progress }: OpenOptions,
): Promise<File> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  const total = Number(response.headers.get("content-length"));
  let loaded = 0;
  const counted = response.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        loaded += chunk.length;
        if (total > 0) {
          progress({
            what: "Fetching the weights",
            share: Math.min(1, loaded / total),
          });
        }
        controller.enqueue(chunk);
      },
    }),
  );
  const blob = await new Response(counted).blob();
  const { pathname } = new URL(url);
  return new File([blob], pathname.slice(pathname.lastIndexOf("/") + 1));
}
