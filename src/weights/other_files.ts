/**
 * Files that people take for checkpoints: what they are, and the call that makes a state dict of them.
 *
 * @module
 */

import { few } from "../errors/expected.ts";

const onnx =
  "an ONNX file, whose batch norms are folded; save the original network's state_dict()";

/** How other files begin, as Latin-1. */
const STARTS: readonly (readonly [start: string | RegExp, what: string])[] = [
  ["\x89PNG", "a PNG picture"],
  ["\xff\xd8\xff", "a JPEG picture"],
  ["\x1f\x8b", "a gzip archive; unpack it"],
  [
    "\x89HDF",
    "an HDF5 file, as Keras writes it; save the network by PyTorch, or its arrays by np.savez with torchvision's names",
  ],
  ["version https://git-lfs", "a Git LFS pointer; run git lfs pull"],
  ["<", "an HTML or XML page, not the file; download it again"],
  [/^\s*\{/, "JSON text, perhaps a server's error message; download the file"],
  ["GGUF", "a GGUF file; save the original network's state_dict()"],
  [/^.{4}TFL3/s, "a TFLite file; save the original network's state_dict()"],
];

/** What a file is, by its first bytes; undefined if that isn't known. */
export function otherFile(head: Uint8Array): string | undefined {
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");
  if (head.length > 0 && head.every((byte) => byte === 0)) {
    return "zeros: its download was not finished";
  }
  if (head[0] === 0x80) return otherPickle(text);
  if (head[0] === 0x08) return protocolBuffer(head);
  return STARTS.find(([start]) =>
    typeof start === "string"
      ? text.trimStart().startsWith(start)
      : start.test(text)
  )?.[1];
}

/** A file that begins with a protocol buffer's first field, a version: ONNX's or TensorFlow's. */
function protocolBuffer([, version, next]: Uint8Array): string | undefined {
  if (version === 1 && next === 0x12) {
    return "TensorFlow's graph; save the network by PyTorch instead";
  }
  const isOnnx = version >= 2 && version <= 20 &&
    (next === 0x12 || next === 0x3a);
  return isOnnx ? onnx : undefined;
}

/** A pickle that torch.save didn't write. */
function otherPickle(head: string): string {
  const toPth =
    "torch.save the dict with torch.from_numpy of each array and torchvision's names";
  if (/blobs|res2_0_branch2a|conv1_w/.test(head)) {
    return `Detectron's pickle of NumPy arrays (Caffe2); ${toPth}`;
  }
  if (/matching_heuristics|__author__|bottom_up|stem\.conv1/.test(head)) {
    return `detectron2's pickle of NumPy arrays; ${toPth}`;
  }
  return /numpy/.test(head)
    ? `a pickle of NumPy arrays; ${toPth}`
    : "a pickle that torch.save didn't write; save model.state_dict() by torch.save";
}

/** Says what an archive is that isn't a checkpoint. */
export function otherArchive(names: readonly string[]): string {
  const has = (end: string) => names.some((name) => name.endsWith(end));
  if (has("archive_format") || has("serialized_exported_program.json")) {
    return "it is torch.export's archive; save torch.export.load(path).state_dict by torch.save instead";
  }
  if (has("model.weights.h5")) {
    return "it is a Keras archive; save the network by PyTorch instead";
  }
  return `it is a zip archive of ${
    few(names) || "nothing"
  }; expected weights: a .pth, .safetensors or .npz file`;
}
