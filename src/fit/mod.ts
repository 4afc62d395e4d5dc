/**
 * Heads on features: a linear layer fitted to vectors and labels.
 *
 * @module
 */

export { fitLinear, type FitLinearOptions, LinearFit } from "./fit_linear.ts";
