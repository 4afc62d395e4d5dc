import type { Tensor } from "@tensorflow/tfjs-core";
import { asIs, expected } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import { requireTensor } from "../model/layout.ts";

/**
 * The values of one picture's tensor, without the batch's dimension.
 *
 * @param subject The argument's name, for the message.
 * @param dimensions Names of the picture's dimensions: `H`, `W`.
 * @throws {TypeError} If it isn't float32 with these dimensions, alone or in a batch of one.
 */
export async function onePicture(
  subject: string,
  tensor: Tensor,
  dimensions: readonly string[],
): Promise<ShapedArray> {
  requireTensor(tensor, subject);
  const { dtype, shape, size } = tensor;
  const extra = shape.length - dimensions.length;
  const isOne = extra === 0 || (extra === 1 && shape[0] === 1);
  if (!isOne || dtype !== "float32" || size === 0) {
    const names = dimensions.join(", ");
    throw new TypeError(expected(
      subject,
      `float32 [${names}] or [1, ${names}]`,
      asIs(`${dtype} [${shape.join(", ")}]`),
    ));
  }
  return { data: await tensor.data<"float32">(), shape: shape.slice(extra) };
}
