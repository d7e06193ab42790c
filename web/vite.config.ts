import { defineConfig } from "vitest/config";
import { tilesOf } from "./build/tiles.ts";

const tiles = tilesOf(process.env);

// What the site is made of. The service worker is built apart, for it has one file and a fixed name (build/build.ts).
export default defineConfig({
  define: { __TILE_URL__: JSON.stringify(tiles.url), __TILE_ATTRIBUTION__: JSON.stringify(tiles.attribution) },
  build: {
    target: "es2023",
    manifest: true,
    assetsInlineLimit: 0, // a policy without data: for scripts and styles
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // Beside a stack: `just up`, then `just web dev`.
  server: { proxy: { "/api": "http://127.0.0.1:8080", "/ws": { target: "http://127.0.0.1:8080", ws: true } } },
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    coverage: {
      include: ["src/**"],
      exclude: ["src/generated/**", "src/**/*.css", "src/env.d.ts"],
      reporter: ["text"],
      // Screens besides are opened in Chromium (tests/e2e); these are what the web tests alone take.
      thresholds: { statements: 70, "src/lib/**": { statements: 90, branches: 80 } },
    },
  },
});
