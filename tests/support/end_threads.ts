/**
 * Ends the kernels' threads with each test file: a thread that sleeps outlives the file that started
 * it, and keeps its memory. The test tasks preload this.
 */

import {
  controlWords,
  endKernelThreads,
} from "../../src/kernels/kernel_thread.ts";
import { shareKernelThreads } from "../../src/model/start_kernels.ts";

const words = controlWords(true);
shareKernelThreads(words);
addEventListener("unload", () => endKernelThreads(words));
