/** `embed.js` runs on other people's pages: as one file without a digest in its name, and with no name in their global scope. */

import type { Plugin } from "vite";

export const EMBED = "embed";

export function embedScript(): Plugin {
  return {
    name: "embed-script",
    apply: "build",
    renderChunk(code, chunk) {
      return chunk.name === EMBED && chunk.isEntry ? { code: `(() => {\n${code}\n})();\n`, map: null } : null;
    },
  };
}
