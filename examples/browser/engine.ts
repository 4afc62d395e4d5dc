/// <reference lib="dom" />
/**
 * What is open in the worker: a network, and the pictures on screen with their maps.
 *
 * @module
 */

import type { Work } from "./notices.ts";
import type {
  FeatureMaps,
  NetworkInfo,
  OfficialName,
  PictureInfo,
  PictureMap,
  StartInfo,
  Tasks,
  WholePass,
} from "./protocol.ts";
import { type Stage, stages } from "./stages.ts";
import { WorkerClient } from "./worker_client.ts";

/** An open picture and the maps of one node. */
export interface OpenPicture {
  readonly name: string;
  readonly info: PictureInfo;
  readonly maps: FeatureMaps;
}

/** The page's side of the network. */
export class Engine {
  readonly #worker = new WorkerClient();
  readonly #infos = new Map<string, PictureInfo>();
  #maps: OpenPicture[] = [];
  #network: NetworkInfo | undefined;

  start(work: Work): Promise<StartInfo> {
    return this.#call(work, "start");
  }

  /** Opens weights; if that fails, what was open stays. */
  async openNetwork(
    work: Work,
    source: File | URL | OfficialName,
  ): Promise<NetworkInfo> {
    // A URL can't be sent to a worker.
    const from = source instanceof URL ? source.href : source;
    this.#network = await this.#call(work, "openNetwork", from);
    this.#infos.clear();
    this.#maps = [];
    return this.#network;
  }

  /** The open network. */
  get network(): NetworkInfo {
    if (!this.#network) throw new Error("no network is open");
    return this.#network;
  }

  /** The stages of the network. */
  get stages(): Stage[] {
    return stages(this.network.nodes.map(({ name }) => name));
  }

  /** The node of a layer's name, or of `layer3`. */
  nodeOf(layer: string): string {
    const stage = (title: string) =>
      this.stages.find((stage) => stage.title === title)?.node;
    const { nodes } = this.network;
    return stage(layer) ?? nodes.find(({ name }) => name === layer)?.name ??
      stage("layer3")!;
  }

  /** Opens a picture, unless it is open. */
  async openPicture(
    work: Work,
    name: string,
    file: () => Promise<Blob>,
  ): Promise<PictureInfo> {
    const open = this.#infos.get(name);
    if (open) return open;
    const info = await this.#call(work, "openPicture", await file());
    this.#infos.set(name, info);
    return info;
  }

  /** A node's maps of an open picture. */
  async maps(work: Work, name: string, node: string): Promise<OpenPicture> {
    const known = this.#maps.find((open) =>
      open.name === name && open.maps.node === node
    );
    if (known) return known;
    const info = this.#infos.get(name)!;
    const maps = await this.#call(work, "featureMaps", info.id, node);
    work.signal.throwIfAborted();
    return { name, info, maps };
  }

  /** Keeps these, and closes the other pictures. */
  keep(open: readonly OpenPicture[]): void {
    this.#maps = [...open];
    for (const [name, { id }] of this.#infos) {
      if (open.some((kept) => kept.name === name)) continue;
      this.#infos.delete(name);
      void this.#worker.call("closePicture", [id]);
    }
  }

  /** The evidence for a class in open pictures. */
  async evidence(
    work: Work,
    open: readonly OpenPicture[],
    index: number,
  ): Promise<PictureMap[]> {
    const maps: PictureMap[] = [];
    for (const { info } of open) {
      maps.push(await this.#call(work, "evidence", info.id, index));
    }
    work.signal.throwIfAborted();
    return maps;
  }

  /** Runs the whole network for an open picture. */
  pass({ info }: OpenPicture): Promise<WholePass> {
    return this.#worker.call("pass", [info.id]);
  }

  #call<T extends keyof Tasks>(
    { signal, progress: onProgress }: Work,
    task: T,
    ...args: Parameters<Tasks[T]>
  ): ReturnType<Tasks[T]> {
    return this.#worker.call(task, args, { signal, onProgress });
  }
}
