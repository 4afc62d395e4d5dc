/** What a plain page imports: `dist/layertap.js`. */
export * from "@layertap/resnet";
