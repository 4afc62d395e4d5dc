/**
 * Names that lead elsewhere, or that move a terminal's cursor; files that aren't regular.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Attack, Target } from "./attack.ts";

const picture = "examples/images/chelsea.png";

const text = (value: string) => new TextEncoder().encode(value);

const worker = [
  ...["worker", "--layer", "conv1", "--pool", "avg", "--threads", "1"],
  ...["--protocol", "jsonl"],
];

const good = async (target: Target) => {
  await target.succeed(worker, text(`${picture}\n`));
};

/** What would reach a terminal as it is. */
// deno-lint-ignore no-control-regex
const control = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

/** Makes a pipe that has a name. */
async function pipe(target: Target, name: string): Promise<string> {
  const path = `${target.folder}/${name}`;
  const { success } = await new Deno.Command("mkfifo", { args: [path] })
    .output();
  assert(success);
  return path;
}

/** Attacks by names. */
export const names: readonly Attack[] = [
  {
    name: "paths of a worker: URLs, links, pipes, devices",
    target: "command",
    isShort: true,
    good,
    async bad(target) {
      const { folder } = target;
      const root = `${folder}/root`;
      await Deno.mkdir(root, { recursive: true });
      await Deno.copyFile(picture, `${root}/inside.png`);
      await Deno.symlink(`${Deno.cwd()}/${picture}`, `${root}/link.png`)
        .catch(() => {});
      const refused = [
        "http://127.0.0.1:1/a.png",
        "file:///etc/passwd",
        `${root}/link.png`,
        `${root}/../root/../../a.png`,
        "/etc/passwd",
        "/dev/zero",
        await pipe(target, "in.png"),
        `${root}/\x1b[2J\x9b\u202e.png`,
      ];
      const lines = [...refused, `${root}/inside.png`].map((path) =>
        `${JSON.stringify({ path })}\n`
      );
      const out = await target.succeed(
        [...worker, "--root", root],
        text(lines.join("")),
      );
      const printed = new TextDecoder().decode(out);
      assert.doesNotMatch(printed, control);
      const answers = printed.trimEnd().split("\n").map((line) =>
        JSON.parse(line)
      );
      const last = answers.pop();
      assert.equal(last.error, undefined);
      assert.deepEqual(answers.map(({ path }) => path), refused);
      for (const { error } of answers) assert.match(error, /^cannot open/);
      // Without a root.
      const free = await target.succeed(
        worker,
        text(refused.slice(5, 7).join("\n")),
      );
      for (const line of new TextDecoder().decode(free).trim().split("\n")) {
        assert.match(JSON.parse(line).error, /it is not a regular file$/);
      }
      return `${refused.length} names refused`;
    },
  },
  {
    name: "names of the command line: control characters, pipes",
    target: "command",
    good,
    async bad(target) {
      const weights = await pipe(target, "weights.pth");
      const odd = `${target.folder}/\x1b[2J\x9b\u202e\u2066.png`;
      await Deno.copyFile(picture, odd);
      const damaged = `${target.folder}/\x1b]0;x\x07.png`;
      await Deno.writeFile(damaged, text("no picture"));
      for (
        const args of [
          ["classify", odd, damaged],
          ["classify", odd, "--json"],
          ["extract", damaged, odd, "--layer", "fc", "--out", "-"],
          ["layers", "--weights", weights],
          ["layers", "--weights", damaged],
          ["picture", damaged, "--layer", "conv1", "--out", `${odd}.png`],
        ]
      ) {
        const { stdout, stderr } = await target.command(args);
        const printed = stderr + new TextDecoder().decode(stdout);
        assert.doesNotMatch(printed, control, args.join(" "));
        assert(printed.length > 0);
      }
      return "6 command lines";
    },
  },
  {
    name: "outputs to a pipe and to a device",
    target: "command",
    isShort: true,
    good,
    async bad(target) {
      const path = await pipe(target, "out.png");
      const reader = new Deno.Command("cat", { args: [path] }).output();
      const draw = ["picture", picture, "--layer", "conv1", "--out"];
      await target.succeed([...draw, path]);
      const { stdout } = await reader;
      assert.deepEqual([...stdout.subarray(1, 4)], [0x50, 0x4e, 0x47]);
      const printed = await target.succeed([...draw, "/dev/stdout"]);
      assert.deepEqual(printed, stdout);
      assert((await Deno.stat(path)).isFifo);
      return `${stdout.length} bytes through the pipe, and to /dev/stdout`;
    },
  },
];
