/// <reference lib="dom" />
/**
 * The controls that show a part of the screen and change it.
 *
 * @module
 */

import { byId } from "./dom.ts";
import type { Explorer } from "./explorer.ts";
import { saveMap, saveMaps, savePictures } from "./save.ts";
import type { GridOptions, Screen } from "./screen.ts";

const theme = byId("theme", HTMLSelectElement);
const compare = byId("compare", HTMLButtonElement);
const find = byId("find", HTMLInputElement);

const radios = (name: string) => [
  ...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`),
];

/** Shows a screen in the controls. */
export function showControls(screen: Screen, explorer: Explorer): void {
  const isPair = screen.pictures.length > 1;
  document.documentElement.style.colorScheme = screen.theme ?? "";
  theme.value = screen.theme ?? "";
  compare.ariaPressed = `${isPair}`;
  byId("side", HTMLFieldSetElement).hidden = !isPair;
  byId("main", HTMLElement).classList.toggle("pair", isPair);
  find.value = `${screen.map ?? ""}`;
  find.max = `${explorer.maps.shape[2] - 1}`;
  byId("save-map", HTMLButtonElement).hidden = screen.map === undefined;
  for (const name of ["order", "scale"] as const) {
    for (const input of radios(name)) {
      input.checked = input.value === screen[name];
    }
  }
  for (const input of radios("side")) {
    input.checked = input.value === `${explorer.side}`;
  }
}

/** Listens to the controls. */
export function listenToControls(explorer: Explorer): void {
  theme.onchange = () =>
    explorer.go({ theme: (theme.value || undefined) as Screen["theme"] });
  compare.onclick = () => explorer.compare();
  for (const input of radios("side")) {
    input.onchange = () => explorer.side = Number(input.value);
  }
  for (const input of radios("order")) {
    const order = input.value as GridOptions["order"];
    input.onchange = () => explorer.go({ order });
  }
  for (const input of radios("scale")) {
    const scale = input.value as GridOptions["scale"];
    input.onchange = () => explorer.go({ scale });
  }
  byId("find-form", HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    void explorer.find(find.valueAsNumber);
  };
  const { pane, grid } = explorer;
  const fileName = (what: string) => {
    const { pictures, layer } = explorer.screen;
    const stems = pictures.map((name) => name.replace(/\.\w+$/, ""));
    return [...stems, layer, what].join("_").replace(/[^\w.-]+/g, "_");
  };
  const save = (id: string, run: () => Promise<void>) =>
    byId(id, HTMLButtonElement).onclick = () => run();
  save(
    "save-view",
    () => savePictures(pane.canvases, pane.range, fileName("overlay")),
  );
  save("save-map", () => {
    const { map } = explorer.screen;
    return saveMap(explorer.maps, map!, fileName(`map${map}`));
  });
  save("save-maps", () => {
    const { scale } = explorer.screen;
    return saveMaps(explorer.maps, grid.channels, scale, fileName("maps"));
  });
}
