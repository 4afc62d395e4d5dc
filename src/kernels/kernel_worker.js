// The thread as a file, for pages whose policy forbids workers from blob: URLs.
import { allDone, control, kernelLoop, spins } from "./kernel_loop.ts";

const listen = (receive) => {
  globalThis.onmessage = ({ data }) => receive(data);
};
kernelLoop(listen, control, allDone, spins);
