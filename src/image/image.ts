/** A picture in memory: RGB8, row by row from the top left, no padding between rows. */
export interface Image {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height * 3` bytes: R, G, B of each pixel, 0..255. */
  readonly data: Uint8Array<ArrayBuffer>;
}
