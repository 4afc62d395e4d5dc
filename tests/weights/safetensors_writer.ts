import type { Tensors } from "./fixtures.ts";

/** Tensors as float32 safetensors. */
export function safetensors(tensors: Tensors): Uint8Array<ArrayBuffer> {
  let at = 0;
  const header = Object.fromEntries([...tensors].map(([name, tensor]) => {
    const { shape, data } = tensor;
    const data_offsets = [at, at += data.byteLength];
    return [name, { dtype: "F32", shape, data_offsets }];
  }));
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + at);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  at = 8 + json.length;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer), at);
    at += data.byteLength;
  }
  return bytes;
}
