/**
 * The options that say which features of pictures are wanted, and in which form.
 *
 * @module
 */

import { oneOf, required, type Values } from "./command.ts";

/** For commands that give features out. */
export const featureOptions = {
  layer: {
    type: "string",
    multiple: true,
    value: "A,B",
    help: "the nodes, e.g. layer4 or layer1.0.conv2,avgpool",
  },
  pool: {
    type: "string",
    value: "KIND",
    help: "avg or max over height and width, or none (default)",
  },
  normalize: { type: "boolean", help: "scale each vector to length 1" },
  layout: {
    type: "string",
    value: "ORDER",
    help: "nchw as in PyTorch (default), or nhwc",
  },
  "json-values": {
    type: "string",
    value: "FORM",
    help: "numbers in JSON Lines: base64 (default) or plain",
  },
} as const;

/**
 * What was asked for.
 *
 * @throws {UsageError} If no layer is named, or a form is none of those allowed.
 */
export function featureRequest(values: Values<typeof featureOptions>) {
  return {
    layers: required("layer", values.layer?.join()).split(","),
    form: {
      pool: oneOf("pool", values.pool ?? "none", ["avg", "max", "none"]),
      normalize: values.normalize,
      layout: oneOf("layout", values.layout ?? "nchw", ["nchw", "nhwc"]),
      jsonValues: oneOf("json-values", values["json-values"] ?? "base64", [
        "base64",
        "plain",
      ]),
    },
  };
}
