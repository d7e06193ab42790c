/**
 * `node build/build.ts OUT`: OUT/site is what Nginx serves, OUT/csp.conf the policy that it includes, OUT/weights.txt what
 * each part weighs.
 *
 * Fails when a part is heavier than it may be (budget.ts).
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { type Manifest, weigh } from "./budget.ts";
import { bootBy, policyOf } from "./policy.ts";
import { tilesOf } from "./tiles.ts";

const WEB = resolve(import.meta.dirname, "..");
const COMPRESSED = /\.(html|js|css|svg|webmanifest)$/;
const WORTH_COMPRESSING = 512;

const out = resolve(process.argv[2] ?? join(WEB, "dist"));
const site = join(out, "site");

await build({ root: WEB, logLevel: "warn", build: { outDir: site, emptyOutDir: true } });
checkWeight(JSON.parse(readFileSync(join(site, ".vite", "manifest.json"), "utf8")));
rmSync(join(site, ".vite"), { recursive: true });
const page = join(site, "index.html");
const html = bootBy(readFileSync(page, "utf8"));
writeFileSync(page, html);
await buildWorker();
writeFileSync(
  join(out, "csp.conf"),
  `add_header Content-Security-Policy "${policyOf(html, tilesOf(process.env).origin)}" always;\n`,
);
compress();

function files(): string[] {
  return readdirSync(site, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(site.length))
    .sort();
}

function checkWeight(manifest: Manifest): void {
  const weights = weigh(manifest, (file) => readFileSync(join(site, file)));
  const lines = weights.map(
    ({ name, bytes, most }) => `${(bytes / 1024).toFixed(1).padStart(6)} KiB of ${most / 1024}  ${name}\n`,
  );
  writeFileSync(join(out, "weights.txt"), lines.join(""));
  process.stdout.write(lines.join(""));
  const heavy = weights.filter(({ bytes, most }) => bytes > most).map(({ name }) => name);
  if (heavy.length > 0) throw new Error(`heavier than it may be: ${heavy.join(", ")}`);
}

/** One file with a fixed name, which knows every other file of this build. */
async function buildWorker(): Promise<void> {
  const shell = files().map((file) => (file === "/index.html" ? "/" : file));
  const digest = createHash("sha256");
  for (const file of files()) digest.update(readFileSync(join(site, file)));
  const define = { SHELL: JSON.stringify(shell), BUILD: JSON.stringify(digest.digest("hex").slice(0, 12)) };
  await build({
    root: WEB,
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    define,
    build: {
      outDir: site,
      emptyOutDir: false,
      target: "es2023",
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(WEB, "src", "worker.ts"),
        output: { entryFileNames: "worker.js", format: "iife", codeSplitting: false },
      },
    },
  });
}

/** For gzip_static: what is worth it lies beside itself, compressed as far as it goes. */
function compress(): void {
  for (const file of files()) {
    const content = readFileSync(join(site, file));
    if (!COMPRESSED.test(file) || content.length < WORTH_COMPRESSING) continue;
    writeFileSync(join(site, `${file}.gz`), gzipSync(content, { level: 9 }));
  }
}
