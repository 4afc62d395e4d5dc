/**
 * The API, described: OpenAPI 3.1.
 *
 * @module
 */

import { featureTypes } from "./encode_features.ts";

/** A part of the document. */
type Part = Readonly<Record<string, unknown>>;

const query = (name: string, description: string, schema: Part): Part => ({
  name,
  in: "query",
  description,
  schema,
});

const integer = { type: "integer", minimum: 1 };

const layer = query(
  "layer",
  "A node or module by torchvision's name, e.g. layer4, layer3.0.conv2, flatten. Default: the " +
    "last one that is served.",
  { type: "string" },
);

const binary = { schema: { type: "string", format: "binary" } };

const picture = {
  required: true,
  description:
    "JPEG, PNG or WebP. A list of URLs is taken only if the operator allows hosts.",
  content: {
    "image/*": binary,
    "application/octet-stream": binary,
    "multipart/form-data": {
      schema: {
        type: "object",
        additionalProperties: { type: "string", format: "binary" },
      },
    },
    "application/json": {
      schema: { type: "array", items: { type: "string", format: "uri" } },
    },
  },
};

const problemBody = {
  "application/problem+json": {
    schema: { $ref: "#/components/schemas/Problem" },
  },
};

const problem = (description: string): Part => ({
  description,
  content: problemBody,
});

const retryLater = (description: string): Part => ({
  description,
  headers: {
    "Retry-After": { schema: integer, description: "Seconds" },
  },
  content: problemBody,
});

/** What every path that takes pictures may answer besides 200. */
const problems = {
  400: problem("A parameter, or the body's form, can't be understood"),
  405: problem("The path takes another method"),
  406: problem("None of the types that there are is accepted"),
  408: problem("The body was not there in time"),
  413: problem("Too many bytes, pixels or pictures"),
  415: problem("The body is of a type that isn't taken"),
  422: problem(
    "It can be understood but not done: no picture, a damaged one, no head",
  ),
  429: retryLater("Too many requests at a time"),
  499: problem("The client has gone"),
  500: problem("The server is to blame"),
  503: retryLater("The server is stopping, or the network can't be loaded"),
  504: retryLater("There was no answer in time"),
};

const post = (
  summary: string,
  parameters: readonly Part[],
  description: string,
  content: Part,
): Part => ({
  post: {
    summary,
    parameters,
    requestBody: picture,
    responses: { 200: { description, content }, ...problems },
  },
});

const get = (
  summary: string,
  parameters: readonly Part[],
  responses: Part,
): Part => ({
  get: {
    summary,
    parameters,
    responses: { ...responses, 405: problems[405] },
  },
});

const pictures = (properties: Part): Part => ({
  schema: {
    type: "object",
    properties: {
      arch: { type: "string" },
      pictures: {
        type: "array",
        items: {
          type: "object",
          properties: { name: { type: "string" }, ...properties },
        },
      },
    },
  },
});

const features = pictures({
  features: {
    type: "object",
    description: "By layer: nested lists, [C, H, W] or [C]",
    additionalProperties: { type: "array", items: {} },
  },
});

const classes = pictures({
  classes: {
    type: "array",
    description: "The likeliest first",
    items: {
      type: "object",
      properties: {
        label: { type: "string" },
        score: { type: "number", minimum: 0, maximum: 1 },
      },
    },
  },
});

const object = { schema: { type: "object" } };

/** The document. */
export const openApi: Part = {
  openapi: "3.1.0",
  info: {
    title: "Layertap",
    version: "1",
    description: "The features of any layer of a torchvision ResNet.",
  },
  paths: {
    "/features": post(
      "The values of layers",
      [
        { ...layer, description: `${layer.description} Several with commas.` },
        query("pool", "The mean or the largest value of each map", {
          enum: ["none", "avg", "max"],
          default: "none",
        }),
      ],
      "One array for each layer, the pictures stacked. A .npy holds one layer.",
      {
        [featureTypes.json]: features,
        [featureTypes.npy]: binary,
        [featureTypes.npz]: binary,
        [featureTypes.safetensors]: binary,
      },
    ),
    "/classify": post(
      "What the pictures show",
      [query("top", "How many classes", { ...integer, default: 5 })],
      "The likeliest classes",
      { "application/json": classes },
    ),
    "/picture": post(
      "The feature maps of a layer, drawn side by side",
      [
        layer,
        query("maps", "So many, from the first on", integer),
        query("strongest", "So many with the greatest mean", integer),
        query("scale", "Whether each map has its own range of colours", {
          enum: ["each", "all"],
          default: "each",
        }),
        query("labels", "Whether the channels' numbers are written", {
          enum: ["yes", "no"],
          default: "no",
        }),
      ],
      "A picture",
      { "image/png": binary },
    ),
    "/summary": get(
      "The table of the network",
      [query("style", "Whose table", {
        enum: ["torchsummary", "torchinfo"],
        default: "torchsummary",
      })],
      {
        200: {
          description: "The table",
          content: {
            "text/plain": { schema: { type: "string" } },
            "application/json": object,
          },
        },
        400: problems[400],
        406: problems[406],
        503: problems[503],
      },
    ),
    "/healthz": get("Whether requests are answered", [], {
      200: { description: "They are", content: { "application/json": object } },
      503: {
        description: "It starts or stops",
        content: { "application/json": object },
      },
    }),
    "/openapi.json": get("This document", [], {
      200: { description: "It", content: { "application/json": object } },
    }),
  },
  components: {
    schemas: {
      Problem: {
        type: "object",
        description: "RFC 9457",
        properties: {
          type: { type: "string" },
          title: { type: "string" },
          status: { type: "integer" },
          detail: { type: "string" },
        },
        required: ["type", "title", "status", "detail"],
      },
    },
  },
};
