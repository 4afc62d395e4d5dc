/** Every module of resnet101d, as tests/model/resnet_d_test.ts has smaller ones. */

import { cases, checkNodes } from "../model/resnet_d_case.ts";
import { fastTolerance } from "../support/direct_weights.ts";
import { tensorTest } from "../support/leaks.ts";

tensorTest(
  "every module of resnet101d equals timm's",
  () => checkNodes("resnet101d", cases.resnet101d, {}, fastTolerance),
);
