import * as tf from "@tensorflow/tfjs-core";
import { expected } from "../errors/expected.ts";

/**
 * Runs a convolution whose result is known.
 *
 * When XNNPACK rejects an operator, the stock backend only logs that, and returns uninitialized
 * memory.
 *
 * @throws {Error} If a value is wrong.
 */
export async function checkConvolution(): Promise<void> {
  const side = 16, channels = 8;
  // Small integers: every sum is exact in float32, whatever the order.
  const at = (i: number) => (i * 7) % 5 - 2;
  const values = Float32Array.from(
    { length: side * side * channels },
    (_, i) => at(i),
  );
  const filter = Float32Array.from(
    { length: channels * channels },
    (_, i) => at(i + 1),
  );
  const output = tf.tidy(() =>
    tf.conv2d(
      tf.tensor4d(values, [1, side, side, channels]),
      tf.tensor4d(filter, [1, 1, channels, channels]),
      1,
      "valid",
    )
  );
  const data = await output.data();
  output.dispose();
  for (let i = 0; i < data.length; i++) {
    const pixel = i - i % channels;
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      sum += values[pixel + c] * filter[c * channels + i % channels];
    }
    if (data[i] !== sum) {
      throw new Error(
        expected(`value ${i} of a known convolution`, String(sum), data[i]),
      );
    }
  }
}
