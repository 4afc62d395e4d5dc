// stock: no, the samples start the backend themselves
/** docs/compare.md. */

import { testPage } from "../support/page_samples.ts";

testPage("docs/compare.md");
