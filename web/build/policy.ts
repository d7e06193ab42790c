/**
 * The content security policy: what a page of ours may load and run. Hashes, since pages are files that a service worker
 * keeps; a nonce would have to be another one each time (docs/adr/0035).
 */
import { createHash } from "node:crypto";

const MODULE = /\s*<script type="module"[^>]*\bsrc="([^"]+)"[^>]*><\/script>/;
const INLINE = /<script>([\s\S]*?)<\/script>/;

/**
 * The page as it is served: one inline script, which the policy knows by its hash, loads the entry. What that loads is
 * trusted with it ('strict-dynamic'), and nothing else is.
 */
export function bootBy(html: string): string {
  const entry = MODULE.exec(html)?.[1];
  const inline = INLINE.exec(html)?.[1];
  if (entry === undefined || inline === undefined) throw new Error("index.html has no entry or no inline script");
  const short = inline.replace(/\s*\n\s*/g, "");
  const boot = `{const s=document.createElement("script");s.type="module";s.src=${JSON.stringify(entry)};document.head.append(s)}`;
  return html.replace(MODULE, "").replace(INLINE, () => `<script>${short}${boot}</script>`);
}

/** `tiles`: whose pictures a map is made of, where they are not our own. */
export function policyOf(html: string, tiles: string | null = null): string {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text = ""]) => text);
  const hashes = scripts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
  return [
    "default-src 'none'",
    // A browser that does not know 'strict-dynamic' takes 'self'; the others ignore that.
    `script-src 'strict-dynamic' ${hashes.join(" ")} 'self'`,
    "style-src 'self'",
    ["img-src 'self' data: blob:", ...(tiles === null ? [] : [tiles])].join(" "),
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
