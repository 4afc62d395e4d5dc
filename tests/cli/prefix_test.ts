// stock: no, it tests the command line, not the kernels
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { cliTest, fail, succeed } from "./support.ts";

cliTest("--prefix chooses one of several networks", async (folder) => {
  const path = `${folder}/distilled.pth`;
  const packed = await Deno.readFile(
    "tests/data/cases/several_networks/distilled.pth.gz",
  );
  await Deno.writeFile(path, gunzipSync(packed));
  const weights = ["--weights", path];
  await fail(
    ["layers", ...weights],
    1,
    `"${path}" holds 2 networks, under "teacher" (resnet50), "student" (resnet18); choose one by the option prefix`,
  );
  const student = await succeed("layers", ...weights, "--prefix", "student");
  assert(student.includes("layer1.1.conv2") && !student.includes("conv3"));
  const teacher = await succeed("layers", ...weights, "--prefix", "teacher");
  assert(teacher.includes("layer3.5.conv3"));
  await fail(
    ["layers", ...weights, "--prefix", "middle"],
    1,
    `"${path}": prefix: expected "teacher", "student", got "middle"`,
  );
});
