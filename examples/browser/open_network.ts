/// <reference lib="dom" />
/**
 * From a file of weights to a network, whatever ResNet it is of.
 *
 * @module
 */

import { type Checkpoint, createModel, type ResNet } from "@layertap/resnet";
import { guessArch, openCheckpoint } from "@layertap/resnet/weights";
import type { Progress } from "./protocol.ts";

/** Who is told how far it is, and who may stop it. */
export interface OpenOptions {
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

/**
 * Stops if somebody has cancelled: a message that says so is heard only between two tasks of the
 * event loop.
 */
export async function hear(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}

/** Milliseconds for which nobody is heard. */
const turn = 30;

/** Opens weights; the architecture is guessed from their names and shapes. */
export async function openNetwork(
  source: File | URL | string,
  options: OpenOptions,
): Promise<ResNet> {
  const file = source instanceof File
    ? source
    : await download(source, options);
  const opened = await openCheckpoint(file);
  try {
    const arch = guessArch(opened);
    if (arch.inChannels !== undefined && arch.inChannels !== 3) {
      throw new RangeError(
        `${opened.source} is for pictures of ${arch.inChannels} channels: ` +
          "only those for RGB can be explored here",
      );
    }
    return await createModel(arch, null, watched(opened, options));
  } finally {
    opened.close();
  }
}

/** The same checkpoint, which tells how far it is read and can be stopped. */
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
  url: URL | string,
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
