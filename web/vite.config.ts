import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { EMBED, embedScript } from "./tools/embed.ts";
import { precompress } from "./tools/precompress.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The server that `npm run dev` asks; with a key its requests need no sign-in there. */
const server = process.env.JUSTPAID_URL ?? "http://127.0.0.1:8787";
const key = process.env.JUSTPAID_DEV_KEY;

export default defineConfig({
  plugins: [react(), embedScript(), precompress()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    outDir: here("../src/justpaid/web"),
    emptyOutDir: true,
    manifest: true,
    // As data: URLs they would need a hole in the content security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      // The dashboard, the portal, and what embeds the portal: none loads another's code.
      input: { index: here("./index.html"), portal: here("./portal.html"), [EMBED]: here("./src/embed/main.ts") },
      output: { entryFileNames: ({ name }) => (name === EMBED ? "embed.js" : "assets/[name]-[hash].js") },
    },
    // `tests/contract/test_web.py` holds the budget, compressed and by page.
    chunkSizeWarningLimit: 1000,
  },
  server: {
    port: 5173,
    proxy: {
      "^/(v1|openapi.json|healthz|readyz)": {
        target: server,
        ...(key === undefined ? {} : { headers: { Authorization: `Bearer ${key}` } }),
      },
    },
  },
  test: {
    environment: "jsdom",
    setupFiles: [here("./src/test/setup.ts")],
    restoreMocks: true,
    testTimeout: 60_000,
    // Starting a worker, with all of Mantine, costs more than most files' tests.
    maxWorkers: 2,
    isolate: false,
    // One file, where the package's own entry is six thousand.
    alias: { "@tabler/icons-react": here("./node_modules/@tabler/icons-react/dist/cjs/tabler-icons-react.cjs") },
    env: { TZ: "UTC" },
  },
});
