/**
 * What the names beside a network tell of it that its own tensors don't.
 *
 * @module
 */

import type { ArchRow } from "../arch/table.ts";
import type { FoundNetwork } from "./network_under.ts";
import type { Paths } from "./paths.ts";

/** Something told, and the note that says so. */
export interface Told {
  readonly options: Partial<ArchRow>;
  readonly note: string;
}

/**
 * What stands beside the backbone of torchvision's detectors and segmentation networks.
 *
 * COCO_V1 detectors compute frozen batch norms with eps 0 and, unlike V2's, count no batches.
 *
 * @see torchvision 0.14, `models/detection/faster_rcnn.py` (`overwrite_eps`), `retinanet.py`,
 *   `models/segmentation/fcn.py`.
 */
export function toldByNames(
  { prefix, checkpoint }: FoundNetwork,
  { sorted }: Paths,
): Told | undefined {
  const [, above, kind] =
    /^((?:.+\.)?)(backbone|backbone\.body)$/.exec(prefix) ?? [];
  const hasBeside = (name: string) =>
    sorted.some((path) => path.startsWith(`${above}${name}.`));
  if (kind === "backbone.body") {
    // FCOS, which has a centre-ness too, keeps eps.
    const isRetinaNet = hasBeside("head.classification_head") &&
      !hasBeside("head.regression_head.bbox_ctrness");
    const isDetector = hasBeside("rpn") || isRetinaNet;
    const countsBatches = [...checkpoint.tensors.keys()]
      .some((name) => name.endsWith("num_batches_tracked"));
    if (!isDetector || countsBatches) return undefined;
    return {
      options: { normEps: 0 },
      note:
        "normEps is 0, as in torchvision's COCO_V1 detectors; a detector trained from ImageNet weights needs normEps: 1e-5",
    };
  }
  if (
    kind === "backbone" && hasBeside("classifier") &&
    hasBeside("aux_classifier") &&
    checkpoint.tensors.has("layer1.0.conv3.weight")
  ) {
    return {
      options: { replaceStrideWithDilation: [false, true, true] },
      note:
        "replaceStrideWithDilation is [false, true, true], as in torchvision's segmentation networks",
    };
  }
  return undefined;
}
