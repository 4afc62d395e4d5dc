// stock: no, the samples start the backend themselves
/** docs/fit.md. */

import { testPage } from "../support/page_samples.ts";

testPage("docs/fit.md");
