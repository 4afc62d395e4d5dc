/**
 * The contract in a Cloudflare Worker: answers with what runs and the result of each case. The
 * variable `KERNELS` chooses the kernels; the files are assets.
 *
 * @module
 */

import * as lib from "@layertap/resnet";
import * as maps from "@layertap/resnet/maps";
import { runContract } from "../contract/cases.ts";

interface Env {
  readonly ASSETS: { fetch(url: string): Promise<Response> };
  readonly KERNELS: "stock" | "own";
}

export default {
  async fetch(_request: Request, { ASSETS, KERNELS }: Env): Promise<Response> {
    const asset = async (name: string) => {
      const response = await ASSETS.fetch(`https://assets/${name}`);
      return new Uint8Array(await response.arrayBuffer());
    };
    const info = await lib.startBackend({ kernels: KERNELS });
    const results = await runContract({ ...lib, ...maps }, {
      pictures: {
        "chelsea.png": await asset("chelsea.png"),
        "rocket.jpg": await asset("rocket.jpg"),
      },
      weights: await asset("mlnet_resnet18.npz"),
      golden: JSON.parse(new TextDecoder().decode(await asset("golden.json"))),
    });
    return Response.json({ info, results });
  },
};
