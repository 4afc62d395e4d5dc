/**
 * The report on one picture as an HTML page.
 *
 * @module
 */

import { type Markup, markup } from "./html.ts";

/** A picture of the page. */
export interface ReportImage {
  /** A `data:` URL. */
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

/** A picture with a caption. */
export interface ReportFigure extends ReportImage {
  /** The text for screen readers. */
  readonly alt: string;
  readonly caption: string;
}

/** The contents of the page. */
export interface ReportContent {
  readonly title: string;
  /** The architecture's name. */
  readonly arch: string;
  /** The last node. */
  readonly outputLayer: string;
  /** The network's input. */
  readonly input: ReportFigure;
  /** The input with a map over it. */
  readonly overlay: ReportFigure;
  /** The most likely classes; empty without a head. */
  readonly classes: readonly {
    readonly label: string;
    readonly score: number;
  }[];
  /** Facts about the network: name and value. */
  readonly facts: readonly (readonly [string, string])[];
  /** The table of all layers, as text. */
  readonly layers: string;
  readonly stages: readonly ReportStage[];
}

/** Some of a stage's maps. */
export interface ReportStage {
  /** The module's name. */
  readonly module: string;
  /** `[height, width, channels]`. */
  readonly shape: readonly number[];
  readonly maps: readonly (ReportImage & { readonly channel: number })[];
}

/** The page as one self-contained file. */
export function reportPage(content: ReportContent): string {
  const { title, arch, outputLayer, input, overlay, classes } = content;
  const { facts, layers, stages } = content;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – ${arch}</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>How <b>${arch}</b>, up to <code>${outputLayer}</code>, sees a picture.</p>
<section class="input" aria-label="The picture">
${figure(input)}
${figure(overlay)}
${classes.length > 0 ? classTable(classes) : []}
</section>
<section>
<h2>Network</h2>
<dl>
${facts.map(factEntry)}</dl>
<details>
<summary>All layers</summary>
<pre tabindex="0">${layers}</pre>
</details>
</section>
<section>
<h2>Feature maps</h2>
<p>The strongest channels of each stage, by mean, numbered. Each map has its own scale: dark is
lowest.</p>
${stages.map(stageMaps)}</section>
</main>
</body>
</html>
`.html;
}

const image = ({ url, width, height }: ReportImage, alt: string): Markup =>
  markup`<img src="${url}" width="${width}" height="${height}" alt="${alt}">`;

const figure = (content: ReportFigure): Markup =>
  markup`<figure style="width: ${content.width}px">
${image(content, content.alt)}
<figcaption>${content.caption}</figcaption>
</figure>`;

const factEntry = ([name, value]: readonly [string, string]): Markup =>
  markup`<div><dt>${name}</dt><dd>${value}</dd></div>
`;

function classTable(classes: ReportContent["classes"]): Markup {
  const rows = classes.map(({ label, score }) =>
    markup`<tr>
<th scope="row">${label}</th>
<td><meter value="${score}">${score}</meter></td>
<td class="number">${(100 * score).toFixed(2)} %</td>
</tr>
`
  );
  return markup`<table>
<caption>Most likely classes</caption>
<tbody>
${rows}</tbody>
</table>`;
}

function stageMaps({ module, shape, maps }: ReportStage): Markup {
  const [height, width, channels] = shape;
  const items = maps.map((map) =>
    markup`<li>${
      image(map, `Map of channel ${map.channel}`)
    } ${map.channel}</li>
`
  );
  return markup`<h3><code>${module}</code>: ${channels} maps of ${height} × ${width}</h3>
<ul class="maps">
${items}</ul>
`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c1b22; --paper: #fff; --quiet: #5b5966; --line: #dcdae3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceaf2; --paper: #17161c; --quiet: #aaa6b8; --line: #3a3844; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
h1 { margin: 1rem 0 0; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.2rem; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; font-weight: normal; }
h3 code { font-weight: bold; }
p { margin: .25rem 0 1rem; color: var(--quiet); }
p b, p code { color: var(--ink); }
code, pre { font-family: ui-monospace, monospace; }
img { display: block; max-width: 100%; height: auto; }
figure { margin: 0; max-width: 100%; }
figcaption { margin-top: .5rem; color: var(--quiet); font-size: .875rem; }
.input { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
.input img { width: 100%; }
table { flex: 1 1 20rem; border-collapse: collapse; }
caption { padding-bottom: .25rem; color: var(--quiet); text-align: left; }
th, td { padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); }
th { font-weight: normal; text-align: left; }
td.number { padding-right: 0; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
meter { width: 6rem; vertical-align: middle; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: .75rem 0; }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; }
pre { overflow-x: auto; font-size: .75rem; line-height: 1.4; }
.maps { display: grid; grid-template-columns: repeat(8, 1fr); gap: .75rem;
  margin: 0; padding: 0; list-style: none; font-size: .875rem;
  font-variant-numeric: tabular-nums; }
.maps img { width: 100%; image-rendering: pixelated; }
@media (max-width: 40rem) { .maps { grid-template-columns: repeat(4, 1fr); } }
`;
