/** PIL's bicubic filter. */

import { bicubic } from "../../src/image/resize.ts";
import {
  checkResize,
  checkTransform,
  dataUrl,
  type Goldens,
} from "./support.ts";

const goldens: Pick<Goldens, "resized" | "transformed"> = JSON.parse(
  await Deno.readTextFile(new URL("bicubic.json", dataUrl)),
);

for (const golden of goldens.resized) {
  const { from, to } = golden;
  Deno.test(`bicubic: ${from.join("x")} to ${to.join("x")} equals PIL's`, () =>
    checkResize(golden, bicubic));
}

for (const golden of goldens.transformed) {
  const { image, resizeSize, cropSize } = golden;
  Deno.test(`bicubic transform: ${image} by ${resizeSize}, ${cropSize} equals torchvision's`, () =>
    checkTransform(golden, "bicubic"));
}
