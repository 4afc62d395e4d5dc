/** A Cloudflare Worker: answers with the outcome. The contract's files are assets. */

import { check } from "../check.ts";

interface Env {
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

export default {
  async fetch(_request: Request, { ASSETS }: Env): Promise<Response> {
    const read = async (name: string) => {
      const response = await ASSETS.fetch(`https://assets/${name}`);
      return new Uint8Array(await response.arrayBuffer());
    };
    return Response.json(await check(read, { ships: false }));
  },
};
