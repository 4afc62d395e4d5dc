import assert from "node:assert/strict";
import { blank, INK } from "../../src/drawing/paper.ts";
import { drawText, fitText, textWidth } from "../../src/drawing/stroke_font.ts";

/** How dark a text is, pixel by pixel. */
function inkOf(text: string, height = 18) {
  const image = blank(textWidth(text, height) + 8, 2 * height);
  drawText(image, text, { left: 4, top: 6, height });
  return image.data.filter((_, i) => i % 3 === 0).map((grey) => 255 - grey);
}

Deno.test("drawText: each character of ASCII looks different", () => {
  const seen = new Map<string, string>();
  for (let code = 33; code < 127; code++) {
    const letter = String.fromCharCode(code);
    const ink = inkOf(letter);
    assert.equal(Math.max(...ink), 255 - INK, letter);
    if (letter === "l") continue; // In this font it is an I.
    const key = `${ink}`;
    assert(!seen.has(key), `${letter} looks like ${seen.get(key)}`);
    seen.set(key, letter);
  }
  assert(inkOf(" ").every((value) => value === 0));
});

Deno.test("drawText: accents are left out, other letters are question marks", () => {
  assert.deepEqual(inkOf("crème brûlée"), inkOf("creme brulee"));
  assert.deepEqual(inkOf("猫 a"), inkOf("? a"));
});

Deno.test("drawText: upward is a quarter turn", () => {
  const [text, height] = ["layer1.0.conv2 (gq)", 16];
  const width = textWidth(text, height);
  const along = blank(width + 8, 40), up = blank(40, width + 8);
  drawText(along, text, { left: 4, top: 10, height });
  drawText(up, text, { left: 10, top: up.height - 4, height, upward: true });
  for (let y = 0; y < along.height; y++) {
    for (let x = 0; x < along.width; x++) {
      const a = along.data[3 * (y * along.width + x)];
      const b = up.data[3 * ((up.height - 1 - x) * up.width + y)];
      assert(Math.abs(a - b) <= 1);
    }
  }
});

Deno.test("drawText: what is outside is cut off", () => {
  const image = blank(30, 12);
  const before = image.data.length;
  for (const [left, top] of [[-9, -5], [25, 8], [200, 3], [4, -40]]) {
    drawText(image, "Wg@", { left, top, height: 18 });
    drawText(image, "Wg@", { left, top, height: 18, upward: true });
  }
  assert.equal(image.data.length, before);
  assert(image.data.some((value) => value < 255));
});

Deno.test("fitText: cuts texts to a width", () => {
  const text = "layer1.0.downsample.1";
  const width = textWidth(text, 20);
  assert.equal(fitText(text, 20, width), text);
  const cut = fitText(text, 20, width - 1);
  assert.match(cut, /^layer1\.0\.downs\w+\.\.\.$/);
  for (const most of [10, 40, 100]) {
    assert(textWidth(fitText(text, 20, most), 20) <= most);
  }
});
