import { startBackend } from "../../mod.ts";
import { direct, fastTolerance } from "../support/direct_weights.ts";
import { testNodes } from "./node_cases.ts";

const { kernels } = await startBackend();

testNodes(`${kernels} kernels`, {}, fastTolerance);
if (kernels === "own") testNodes("direct convolutions", direct, 1e-5);
