/**
 * The description of the HTTP API: OpenAPI 3.1.
 *
 * @module
 */

import { poolings } from "../arch/pooling.ts";
import { featureTypes } from "./encode_features.ts";

/** A part of the description. */
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
  "A layer by torchvision's name, such as layer4, layer3.0.conv2 or flatten. Default: the last " +
    "one that is served.",
  { type: "string" },
);

const exifOrientation = query(
  "exifOrientation",
  "Turn the pictures by their EXIF orientation. Default: as the server is set, mostly no.",
  { enum: ["yes", "no"] },
);

const binary = { schema: { type: "string", format: "binary" } };

const picture = {
  required: true,
  description:
    "JPEG, PNG or WebP. A list of URLs works only for hosts that the operator allows.",
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

/** The problems of every path that takes pictures. */
const problems = {
  400: problem("Invalid parameter or body"),
  405: problem("Wrong method"),
  406: problem("No available type is accepted"),
  408: problem("The body did not arrive in time"),
  413: problem("Too many bytes, pixels or pictures"),
  415: problem("Unsupported type of body or picture"),
  421: problem("The host is not this server's"),
  422: problem(
    "The request can't be fulfilled: no picture, a damaged one, no head",
  ),
  429: retryLater("Too many requests at a time"),
  499: problem("The client disconnected"),
  500: problem("Internal error, or the features are NaN or infinite"),
  503: retryLater("The server is stopping, or the network can't be loaded"),
  504: retryLater("No answer in time"),
};

const post = (
  summary: string,
  parameters: readonly Part[],
  description: string,
  content: Part,
  common: readonly Part[] = [exifOrientation],
): Part => ({
  post: {
    summary,
    parameters: [...parameters, ...common],
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
    responses: { ...responses, 405: problems[405], 421: problems[421] },
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
    description: "Likeliest first",
    items: {
      type: "object",
      properties: {
        label: { type: "string" },
        score: { type: "number", minimum: 0, maximum: 1 },
      },
    },
  },
});

const scores = pictures({
  score: { type: "number", minimum: 0 },
  mapMax: { type: "number", description: "The largest value of the map" },
  anomalous: {
    type: ["boolean", "null"],
    description: "Above the threshold; null if the bank has none",
  },
});

const object = { schema: { type: "object" } };

/** The description. */
export const openApi: Part = {
  openapi: "3.1.0",
  info: {
    title: "Layertap",
    version: "1",
    description: "The features of any layer of a torchvision ResNet.",
  },
  paths: {
    "/features": post(
      "Features of pictures",
      [
        {
          ...layer,
          description: `${layer.description} Separate several with commas.`,
        },
        query("pool", "Reduce each map to a number", {
          enum: poolings,
          default: "none",
        }),
      ],
      "One array per layer, with all pictures stacked; .npy only for one layer",
      {
        ...Object.fromEntries(
          Object.values(featureTypes).map((type) => [type, binary]),
        ),
        [featureTypes.json]: features,
      },
    ),
    "/classify": post(
      "The likeliest classes of pictures",
      [query("top", "Number of classes", { ...integer, default: 5 })],
      "The classes and their scores",
      { "application/json": classes },
    ),
    "/anomaly": post(
      "How unlike the good pictures of the server's bank pictures are, and where",
      [query(
        "quantile",
        "The share of held-out good pictures below the threshold",
        {
          type: "number",
          minimum: 0,
          maximum: 1,
          default: 1,
        },
      )],
      "Scores and the threshold; or the map over the one picture",
      { "application/json": scores, "image/png": binary },
      [], // Pictures are read as those of the bank.
    ),
    "/picture": post(
      "The feature maps of a layer, side by side",
      [
        layer,
        query("maps", "Draw the first N maps", integer),
        query("strongest", "Draw the N maps with the largest means", integer),
        query(
          "scale",
          "One range of colours for each map, the default, or for all, the default for maps of one value",
          { enum: ["each", "all"] },
        ),
        query("labels", "Write the channel numbers", {
          enum: ["yes", "no"],
          default: "no",
        }),
      ],
      "The picture",
      { "image/png": binary },
    ),
    "/summary": get(
      "The table of the network",
      [query("style", "Layout of the table", {
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
    "/healthz": get("Whether the server is ready", [], {
      200: { description: "Ready", content: { "application/json": object } },
      503: {
        description: "Starting or stopping",
        content: { "application/json": object },
      },
    }),
    "/openapi.json": get("This document", [], {
      200: {
        description: "OpenAPI 3.1",
        content: { "application/json": object },
      },
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
