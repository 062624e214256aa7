// Bundle the pages' scripts and styles: `npm run build [-- FOLDER]`, by default into the package.
import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import esbuild from "esbuild";

const target = process.argv[2] ?? "../src/outrider/charts/built";
const licence = await readFile("node_modules/uplot/LICENSE", "utf8");
const options = {
  outdir: target,
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  legalComments: "none",
  target: ["es2022", "chrome109", "firefox115", "safari16"],
  logLevel: "warning",
  metafile: true,
};
const lock = JSON.parse(await readFile("package-lock.json", "utf8")).packages;
const packages = new Map();

/** Bundle, and note the packages of which something is in what was built. */
async function build(settings) {
  const { metafile } = await esbuild.build(settings);
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  for (const [path, { bytesInOutput }] of inputs) {
    const folder = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (folder && bytesInOutput) note(folder);
  }
}

/** Note a package, and those that it needs: some come bundled within it. */
function note(folder) {
  if (packages.has(folder)) return;
  const { version, license, integrity, dependencies = {} } = lock[folder];
  const needed = Object.keys(dependencies).map((name) => [`${folder}/node_modules/${name}`, `node_modules/${name}`]);
  packages.set(folder, { name: folder.replace(/^.*node_modules\//, ""), version, license, integrity });
  for (const places of needed) note(places.find((place) => place in lock));
}

/** Return the licence that a package brings along, or its name and author where it brings none. */
async function notice(folder, { name, version, license }) {
  const file = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
  const { author, repository } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const words = file ? await readFile(`${folder}/${file}`, "utf8") : `${license}, ${author?.name ?? author ?? repository?.url}`;
  return `${name} ${version}\n\n${words.trim()}\n`;
}

await build({
  ...options,
  entryPoints: ["src/report.ts", "src/report.css"],
  banner: { js: `/* Contains uPlot.\n\n${licence.trim()}\n*/` },
});
await build({ ...options, entryPoints: ["src/pages.ts"] });
// Its packages bring no file of it along.
const rrweb = `rrweb, Copyright (c) 2018 Contributors (https://github.com/rrweb-io/rrweb/graphs/contributors), MIT:

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions: The above copyright notice and this permission notice
shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
await build({
  ...options,
  entryPoints: ["src/rum-replay.ts", "src/replay-player.ts"],
  banner: { js: `/* Outrider, Apache-2.0. Contains ${rrweb}\n*/` },
});
const recorder = await readFile(`${target}/rum-replay.js`);
const digest = (name, form) => createHash(name).update(recorder).digest(form);
await build({
  ...options,
  entryPoints: ["src/rum.ts"],
  define: {
    REPLAY_VERSION: JSON.stringify(digest("sha256", "hex").slice(0, 16)),
    REPLAY_INTEGRITY: JSON.stringify(`sha384-${digest("sha384", "base64")}`),
  },
  banner: { js: "/* Outrider, Apache-2.0. Contains web-vitals, Copyright 2020 Google LLC, Apache-2.0. */" },
});
const entries = [...packages].sort(([a], [b]) => (a < b ? -1 : 1));
await writeFile(`${target}/packages.json`, `${JSON.stringify(entries.map(([, entry]) => entry), null, 2)}\n`);
const notices = await Promise.all(entries.map((entry) => notice(...entry)));
await writeFile(`${target}/licences.txt`, notices.join(`\n${"-".repeat(80)}\n\n`));
