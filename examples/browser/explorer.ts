/// <reference lib="dom" />
/**
 * From a {@linkcode Screen} to what is on it. The newest screen wins; one that fails or is cancelled
 * leaves the old one.
 *
 * @module
 */

import type { ShapedArray } from "../../src/formats/shaped_array.ts";
import { byId, duration, panesScroll, shapeText } from "./dom.ts";
import { Engine, type OpenPicture } from "./engine.ts";
import { setFacts } from "./facts.ts";
import { MapGrid } from "./map_grid.ts";
import { sideBySide } from "./maps.ts";
import { NetworkColumn } from "./network_column.ts";
import { hideProblem, showProblem, Work } from "./notices.ts";
import {
  channelOverlay,
  type Overlay,
  similarityOverlay,
  unjoined,
} from "./overlays.ts";
import { PicturePane } from "./picture_pane.ts";
import { PictureStrip } from "./picture_strip.ts";
import type { PictureMap } from "./protocol.ts";
import { firstScreen, type Place, type Screen } from "./screen.ts";
import { WholePasses } from "./whole_pass.ts";

/** Nothing is laid over the pictures. */
const plain = { map: undefined, mark: undefined, evidence: undefined };

const advice = {
  picture: "Can't open this picture. Choose a JPEG, PNG or WebP file.",
  compute: "The computation failed. Try again, or reload the page.",
};

/** Called with screens. */
export interface ExplorerEvents {
  /** When one is up. */
  shown(screen: Screen): void;
  /** When one is up that the user chose. */
  chosen(screen: Screen): void;
}

/** The pictures, the network and its maps. */
export class Explorer {
  readonly engine = new Engine();
  readonly strip = new PictureStrip((name) => void this.openPicture(name));
  readonly pane = new PicturePane({
    choose: (mark) => void this.go({ ...plain, mark }),
    clear: () => void this.go(plain),
  });
  readonly column = new NetworkColumn((layer) => void this.openLayer(layer));
  readonly passes = new WholePasses(
    this.engine,
    this.column,
    (evidence) => void this.go({ map: undefined, evidence }),
  );
  readonly grid = new MapGrid({
    point: (channel, place) => this.#point(channel, place),
    choose: async (map) => {
      await this.go({ map, evidence: undefined });
      this.pane.reveal();
    },
    showAll: () => this.go({ all: true }),
  });
  readonly #events: ExplorerEvents;
  #screen = firstScreen;
  /** The screen to come; the one that is up, if nothing is under way. */
  #target = firstScreen;
  #work: Work | undefined;
  #open: readonly OpenPicture[] = [];
  #pointed: { readonly channel: number; readonly overlay: Overlay } | undefined;
  /** Which picture a thumbnail replaces. */
  side = 1;
  /** The maps on screen, `[H, W, C]`, those of two pictures in one. */
  maps: ShapedArray = { data: new Float32Array(), shape: [0, 0, 0] };

  constructor(events: ExplorerEvents) {
    this.#events = events;
  }

  /** The screen that is up. */
  get screen(): Screen {
    return this.#screen;
  }

  /** Changes the screen as the user asks. Returns whether it is up. */
  async go(change: Partial<Screen>): Promise<boolean> {
    const isUp = await this.show({ ...this.#target, ...change });
    if (isUp) this.#events.chosen(this.#screen);
    return isUp;
  }

  /** Shows a picture, in place of one of those on screen. */
  openPicture(name: string): Promise<boolean> {
    const { pictures, mark } = this.#target;
    const side = Math.min(this.side, pictures.length - 1);
    return this.go({
      pictures: pictures.toSpliced(side, 1, name),
      mark: mark?.side === side ? undefined : mark,
    });
  }

  /** Shows a second picture beside the first, or the first alone. */
  compare(): Promise<boolean> {
    const { pictures: [first, second], mark } = this.#target;
    if (second !== undefined) {
      const kept = mark?.side === 0 ? mark : undefined;
      return this.go({ pictures: [first], mark: kept });
    }
    const { names } = this.strip;
    const next = names[(names.indexOf(first) + 1) % names.length];
    return this.go({ pictures: [first, next] });
  }

  /** Shows the maps of a layer. */
  async openLayer(layer: string): Promise<void> {
    const isUp = await this.go({ ...plain, layer, all: false });
    if (isUp && !panesScroll()) this.grid.reveal();
  }

  /** Shows the maps of the stage before (-1) or after (1). */
  step(by: number): Promise<void> {
    const { stages } = this.engine;
    const node = this.engine.nodeOf(this.#target.layer);
    const at = stages.findIndex(({ nodes }) => nodes.includes(node));
    const to = Math.max(0, Math.min(stages.length - 1, at + by));
    return this.openLayer(stages[to].title);
  }

  /** Lays a channel's map over the picture, and scrolls to it. */
  async find(map: number): Promise<void> {
    if (await this.go({ map, evidence: undefined })) this.grid.reveal(map);
  }

  /** Cancels what is under way. */
  cancel(): void {
    this.#work?.cancel();
  }

  /** Brings a screen up. Returns whether it is up; the newest call wins. */
  async show(wanted: Screen): Promise<boolean> {
    hideProblem();
    const target = this.#target = {
      ...wanted,
      pictures: this.strip.known(wanted.pictures),
      evidence: wanted.evidence! < this.engine.network.classes
        ? wanted.evidence
        : undefined,
    };
    this.#work?.cancel();
    const work = this.#work = new Work("Opening the picture");
    const { classList } = byId("maps", HTMLElement);
    let whenItFails = advice.picture;
    try {
      for (const name of target.pictures) {
        await this.engine.openPicture(work, name, () => this.strip.open(name));
      }
      whenItFails = advice.compute;
      const node = this.engine.nodeOf(target.layer);
      work.progress({ what: `Computing ${node}`, share: NaN });
      classList.add("waiting");
      const open: OpenPicture[] = [];
      for (const name of target.pictures) {
        open.push(await this.engine.maps(work, name, node));
      }
      const evidence = target.evidence === undefined
        ? []
        : await this.engine.evidence(work, open, target.evidence);
      if (this.#target !== target) return false;
      this.#display(target, open, evidence);
      return true;
    } catch (error) {
      if (this.#target !== target) return false;
      this.#target = this.#screen;
      if (!work.signal.aborted) showProblem(error, whenItFails);
      return false;
    } finally {
      if (this.#work === work) classList.remove("waiting");
      work.end();
    }
  }

  /** Puts everything on screen. */
  #display(
    target: Screen,
    open: readonly OpenPicture[],
    evidence: readonly PictureMap[],
  ): void {
    const start = performance.now();
    const [{ maps }] = open;
    const isNew = `${open.map(keyOf)}` !== `${this.#open.map(keyOf)}`;
    this.#open = open;
    if (isNew) {
      this.maps = open.length === 1 ? maps : sideBySide(maps, open[1].maps);
      this.#pointed = undefined;
      this.engine.keep(open);
      this.pane.setPictures(open);
      this.column.mark(maps.node);
      this.grid.setMaps(this.maps);
    }
    const screen = this.#fitting(target, maps);
    this.#screen = this.#target = screen;
    this.strip.mark(screen.pictures);
    this.grid.show(screen);
    this.grid.mark(screen.map);
    this.passes.classes.mark(screen.evidence);
    this.pane.keep(this.#overlay(screen, evidence), screen.mark);
    this.#events.shown(screen);
    if (screen.map !== undefined && panesScroll()) this.grid.reveal(screen.map);
    if (!isNew) return;
    this.#showFacts(open[0], performance.now() - start);
    this.passes.look(open)
      .catch((error) => showProblem(error, advice.compute));
  }

  /** A screen without a map or place that the node doesn't have; all maps if the map is far down. */
  #fitting(screen: Screen, { shape: [height, width, channels] }: ShapedArray) {
    const { map, mark } = screen;
    const hasMap = map !== undefined && map < channels;
    const hasMark = mark && mark.row < height && mark.column < width;
    return {
      ...screen,
      map: hasMap ? map : undefined,
      mark: hasMark ? mark : undefined,
      all: screen.all || (hasMap && !this.grid.isFirst(map, screen)),
    };
  }

  #overlay(
    { map, mark, evidence }: Screen,
    maps: readonly PictureMap[],
  ): Overlay | undefined {
    if (map !== undefined) return channelOverlay(this.#open, map);
    if (evidence !== undefined) {
      const label = this.passes.classes.label(evidence);
      return { title: `Evidence for “${label}”`, maps };
    }
    return mark && similarityOverlay(this.#open, mark);
  }

  #point(channel: number | undefined, place?: Place): void {
    if (channel === undefined || this.#open.length === 0) {
      this.pane.pass(undefined);
      return;
    }
    if (this.#pointed?.channel !== channel) {
      const overlay = channelOverlay(this.#open, channel);
      this.#pointed = { channel, overlay };
    }
    const at = place && unjoined(this.#open, place);
    this.pane.pass(this.#pointed.overlay, at);
  }

  #showFacts({ maps, info }: OpenPicture, drawing: number): void {
    const { operation } = this.engine.network.nodes
      .find(({ name }) => name === maps.node)!;
    const [height, width, channels] = maps.shape;
    byId("maps-title", HTMLElement).textContent = maps.node;
    byId("maps-shape", HTMLElement).textContent =
      `${operation}: ${channels} maps of ${shapeText([height, width])}`;
    setFacts({
      "Picture size": shapeText([info.width, info.height]),
      "Decode": duration(info.decodeTime),
      "Resize, crop, normalise": duration(info.preprocessTime),
      "Network up to this node": duration(maps.time),
      "Draw the maps": duration(drawing),
    });
  }
}

/** Tells whether the same maps are open. */
const keyOf = ({ info, maps }: OpenPicture) => `${info.id} ${maps.node}`;
