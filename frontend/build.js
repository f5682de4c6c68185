/* One build: styles, scripts and the icon sprite, into static/dist (never committed). */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { icons } from "./icons.js";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(root, "static", "dist");
const watch = process.argv.includes("--watch");
const { resolve } = createRequire(import.meta.url);

async function sprite() {
  const folder = join(root, "node_modules", "lucide-static", "icons");
  const missing = icons.filter((name) => !existsSync(join(folder, `${name}.svg`)));
  if (missing.length) throw new Error(`lucide has no icon named: ${missing.join(", ")}`);
  const symbols = await Promise.all(icons.map(async (name) => {
    const svg = await readFile(join(folder, `${name}.svg`), "utf8");
    const shapes = svg.replace(/<!--.*?-->/gs, "").match(/<svg[^>]*>(.*)<\/svg>/s)[1];
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
  }));
  await writeFile(join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

function styles() {
  const cli = join(dirname(resolve("@tailwindcss/cli/package.json")), "dist", "index.mjs");
  const args = [cli, "-i", join(here, "css", "app.css"), "-o", join(dist, "app.css"), "--minify"];
  const run = spawn(process.execPath, watch ? [...args, "--watch=always"] : args, { cwd: root, stdio: ["ignore", "inherit", "pipe"] });
  let said = "";
  run.stderr.on("data", (text) => { said += text; if (watch) process.stderr.write(text); });
  return new Promise((done, fail) => run.on("exit", (code) => (code ? fail(new Error(said)) : done())));
}

async function scripts() {
  const options = {
    entryPoints: [
      ...["theme", "app", "board", "chart", "tracker", "webform", "webform-embed"].map((name) => join(here, "js", `${name}.js`)),
      { in: join(here, "css", "webform.css"), out: "webform" },
    ].map((entry) => (typeof entry === "string" ? { in: entry, out: parse(entry).name } : entry)),
    outdir: dist,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    legalComments: "none",
    logLevel: "warning",
  };
  if (!watch) return esbuild.build(options);
  return (await esbuild.context(options)).watch();
}

await mkdir(dist, { recursive: true });
await Promise.all([sprite(), styles(), scripts()]);
