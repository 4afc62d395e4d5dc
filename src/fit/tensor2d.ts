/** The one function of tfjs-core that commands load late: a bundle keeps all of a package that is imported so. */
export { tensor2d } from "@tensorflow/tfjs-core";
