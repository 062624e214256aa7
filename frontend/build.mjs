// Bundle the pages' scripts and styles: `npm run build [-- FOLDER]`, by default into the package.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";

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
};

await build({
  ...options,
  entryPoints: ["src/report.ts", "src/report.css"],
  banner: { js: `/* Contains uPlot.\n\n${licence.trim()}\n*/` },
});
await build({ ...options, entryPoints: ["src/pages.ts"] });
await build({
  ...options,
  entryPoints: ["src/rum.ts"],
  banner: { js: "/* Outrider, Apache-2.0. Contains web-vitals, Copyright 2020 Google LLC, Apache-2.0. */" },
});
