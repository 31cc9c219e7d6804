/** `embed.js` runs on other people's pages: as one file without a digest in its name, and with no name in their global scope. */

import type { Plugin } from "vite";

export const EMBED = "embed";

export function embedScript(): Plugin {
  return {
    name: "embed-script",
    apply: "build",
    renderChunk(code, chunk) {
      if (chunk.name !== EMBED || !chunk.isEntry) return null;
      if (chunk.imports.length > 0) throw new Error(`embed.js must be one file, but imports ${chunk.imports}.`);
      return { code: `(() => {\n${code}\n})();\n`, map: null };
    },
  };
}
