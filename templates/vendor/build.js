/**
 * Writes templates/static/vendor/editor.js and the licences of what is in it: `npm ci && npm run build`.
 *
 * The first line of the bundle names the digest of what it was made from; a test compares the two.
 */

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const OUT = "../static/vendor";

const digest = createHash("sha256");
for (const source of ["editor.js", "package-lock.json"]) digest.update(readFileSync(source));

const { metafile } = await build({
  entryPoints: ["editor.js"],
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  outfile: `${OUT}/editor.js`,
  banner: { js: `/* Made of ${digest.digest("hex")} by templates/vendor; licences in editor.licences.txt */` },
  metafile: true,
});

const packages = new Set(
  Object.keys(metafile.inputs).map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean),
);
const licences = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const words = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : license;
  return `${name} ${version}\n\n${words}\n`;
});
writeFileSync(`${OUT}/editor.licences.txt`, licences.join("\n----\n\n"));
