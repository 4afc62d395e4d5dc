/**
 * Files that aren't JPEG, PNG or WebP, by what they are instead.
 *
 * @module
 */

/** What a file's first bytes look like as Latin-1, and its name. */
const formats: readonly (readonly [RegExp, string])[] = [
  [/^GIF8/, "a GIF"],
  [/^BM/, "a BMP"],
  [/^(II[*+]\0|MM\0[*+])/, "a TIFF"],
  [/^.{4}ftyp.{0,56}(avif|avis)/s, "an AVIF"],
  [/^.{4}ftyp.{0,56}(hei[cxms]|hev[cxms]|mif1|msf1)/s, "a HEIC"],
  [/^.{4}ftyp/s, "a video"],
  [/^(\xff\n|.{4}JXL )/s, "a JPEG XL"],
  [/^(\xffO\xffQ|.{4}jP {2})/s, "a JPEG 2000"],
  [/^\0\0[^\0]\0/, "an ICO"],
  [/^8BPS/, "a Photoshop file"],
  [/^%PDF/, "a PDF"],
  [/^\s*(<\?xml[^>]*>\s*)?(<!--.*-->\s*)?(<!DOCTYPE svg|<svg)/s, "an SVG"],
  [/^\s*<(!DOCTYPE html|html)/i, "an HTML page"],
];

/** What the data are instead of a supported format. */
export function unsupported(bytes: Uint8Array): string {
  if (bytes.length === 0) return "it is empty";
  const start = String.fromCharCode(...bytes.subarray(0, 512));
  if (start.startsWith("version https://git-lfs")) {
    return "it is a pointer of Git LFS; fetch the picture with git lfs pull";
  }
  const format = formats.find(([pattern]) => pattern.test(start));
  const what = format ? `is ${format[1]}` : "has an unknown format";
  return `it ${what}; JPEG, PNG and WebP are supported`;
}

/** Endings of names, without the dot, of files that are supported. */
const supportedEndings = /^(jpe?g|jpe|jfif|a?png|webp)$/i;

/** Formats that aren't supported, by the endings of their files' names. */
const otherEndings: readonly (readonly [RegExp, string])[] = [
  [/^gif$/i, "GIF"],
  [/^(bmp|dib)$/i, "BMP"],
  [/^tiff?$/i, "TIFF"],
  [/^(hei[cf]s?|hif)$/i, "HEIC"],
  [/^avifs?$/i, "AVIF"],
  [/^jxl$/i, "JPEG XL"],
  [/^j(p2|pf|px|2k)$/i, "JPEG 2000"],
  [/^(dng|cr[23]|nef|arw|raf|orf|rw2)$/i, "raw"],
];

/** What a file in a folder is, by its name: a picture, one of a format that isn't supported, or neither. */
export function kindByName(
  name: string,
): { readonly isPicture: boolean; readonly other?: string } {
  const ending = name.slice(name.lastIndexOf(".") + 1);
  return {
    isPicture: supportedEndings.test(ending),
    other: otherEndings.find(([pattern]) => pattern.test(ending))?.[1],
  };
}
