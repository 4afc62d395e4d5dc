/** What a plain page imports: `dist/maps.js`. */
export * from "@layertap/resnet/maps";
