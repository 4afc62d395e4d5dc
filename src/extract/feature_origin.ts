import type { ResNet } from "../model/model.ts";
import type { ExtractFilesOptions } from "./compute_nodes.ts";
import { type FeatureOrigin, readingOrigin } from "./vector_file.ts";

/**
 * How features are made.
 *
 * @param options Those of `extractFiles`, and the name of the weights.
 */
export async function featureOrigin(
  model: ResNet,
  nodes: readonly string[],
  options: ExtractFilesOptions & { readonly weights?: string },
): Promise<FeatureOrigin> {
  const { layout = "nchw", pool = "none", pca, weights } = options;
  const fingerprints = await Promise.all(
    nodes.map(async (node) => [node, await model.fingerprint(node)] as const),
  );
  return {
    arch: model.arch,
    layout,
    pool,
    ...pca && { pca: await pca.fingerprint() },
    ...readingOrigin(options),
    preset: model.preset,
    weights,
    fingerprints: Object.fromEntries(fingerprints),
  };
}
