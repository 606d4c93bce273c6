// Makes the files of the production build: reads build.py's plan on stdin, writes into its folder, prints what was made as JSON.
// A name holds the hash of its content; files of one group load each other by their plain names, so the group's folder holds the hash.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { analyzeMetafile, build, transform } from "esbuild";
import { PurgeCSS } from "purgecss";

const here = dirname(fileURLToPath(import.meta.url));
const plan = JSON.parse(readFileSync(0, "utf8"));
const isProduction = plan.mode === "production";
const loaderOf = (key) => extname(key).slice(1);
const hashOf = (contents) => contents.reduce((hash, content) => hash.update(content), createHash("sha256")).digest("hex").slice(0, 12);
const unmapped = (text) => text.replace(/^(?:\/\/|\/\*)# sourceMappingURL=.*$/gm, "").trimEnd();
// A file that is strict as a whole stays so behind another one.
const IS_STRICT = /^(?:\s|\/\*[\s\S]*?\*\/|\/\/.*)*["']use strict["']/;
const closed = (text) => (IS_STRICT.test(text) ? `(function () {${text}\n})();` : text);

/* In the place of what is not used of plotly.js's core: a component that does nothing. */
const without = (unused) => ({
  name: "without",
  setup({ onLoad }) {
    const filter = new RegExp(`plotly\\.js/src/components/(?:${unused.join("|")})/index\\.js$`);
    onLoad({ filter }, ({ path }) => ({ contents: `module.exports = { moduleType: "component", name: "${basename(dirname(path))}" };` }));
  },
});

/* Has Chromium read all of it while it comes, beside the page: read function by function as each is first called, it held the page up for longer. */
const EAGER = "//# allFunctionsCalledOnLoad";

/* Dash has each graph fitted to its place as soon as it is drawn, which would draw it twice although it was drawn as large as that. */
const ONCE = `
const { resize } = Plotly.Plots;
const fits = ({ _fullLayout: drawn, clientWidth, clientHeight }) => drawn && Math.abs(drawn.width - clientWidth) < 1 && Math.abs(drawn.height - clientHeight) < 1;
Plotly.Plots.resize = (graph) => (fits(graph) ? Promise.resolve(graph) : resize(graph));
`;

/* plotly.js with the traces that are drawn and no others, from its sources. */
async function plotly({ traces, unused }) {
  const names = ["core", ...traces.filter((trace) => trace !== "scatter")]; // core brings scatter
  const [core, ...rest] = names.map((name) => `require("plotly.js/lib/${name}")`);
  const { outputFiles, metafile } = await build({
    stdin: { contents: `const Plotly = ${core};\nPlotly.register([${rest}]);\n${ONCE}\nmodule.exports = Plotly;`, resolveDir: here, sourcefile: "plotly-entry.js" },
    bundle: true,
    format: "iife",
    globalName: "Plotly",
    target: "es2022",
    define: { global: "window", "define.amd": "false" },
    minify: isProduction,
    sourcemap: isProduction ? false : "external",
    legalComments: "eof",
    charset: "utf8",
    metafile: true,
    write: false,
    outfile: "plotly.js",
    plugins: [without(unused)],
    logLevel: "silent",
  });
  const analysis = plan.analyze ? await analyzeMetafile(metafile) : undefined;
  const originals = Object.values(metafile.inputs).reduce((sum, input) => sum + input.bytes, 0);
  const [code, map] = [".js", ".map"].map((suffix) => outputFiles.find((file) => file.path.endsWith(suffix))?.text);
  const packages = Object.keys(metafile.inputs).map((path) => path.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
  const head = `${EAGER}\n/*! plotly.js ${plan.plotly}: MIT, Copyright (c) Plotly, Inc. */\n`;
  return { packages: [...new Set(packages)].filter(Boolean).sort(), text: head + (isProduction ? untold(code) : code), map: map && shifted(map, head), originals, analysis };
}

/* What plotly.js tells its developers of each setting, a twelfth of it; plotly's own distribution leaves it out, too. */
const TEXT = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/.source;
const TOLD = `description:(?:${TEXT}|\\[(?:(?:${TEXT}),?)*\\]\\.join\\((?:${TEXT})\\))`;
const untold = (text) => text.replace(new RegExp(`,${TOLD}(?=[,}])`, "g"), "").replace(new RegExp(`\\{${TOLD}(?:,|(?=\\}))`, "g"), "{");

/* The map of a text that has got whole lines in front. */
const shifted = (map, head) => JSON.stringify({ version: 3, sections: [{ offset: { line: head.split("\n").length - 1, column: 0 }, map: JSON.parse(map) }] });

/* A sheet without the rules for classes and elements that no file of ours names; in development it is whole. */
async function purged(text, { content, safe }) {
  const [{ css }] = await new PurgeCSS().purge({ content, css: [{ raw: text }], safelist: [new RegExp(safe)] });
  return css;
}

/* Files behind each other, as a browser runs them that is given one after the other; each keeps its own end of line. */
async function joined({ sources, tail, purge }, separator) {
  const parts = sources.map(({ name, file }) => ({ name, text: closed(unmapped(readFileSync(file, "utf8"))) }));
  if (purge && isProduction) for (const part of parts) if (part.name === purge.name) part.text = await purged(part.text, purge);
  if (tail) parts.push({ name: "start.js", text: tail });
  const text = parts.map((part) => part.text + separator).join("\n");
  const originals = parts.reduce((sum, part) => sum + Buffer.byteLength(part.text), 0);
  return { text, map: isProduction ? null : mapOf(parts, separator), originals };
}

/* A map that says of each line where it stands in its own file. */
function mapOf(parts, separator) {
  let line = 0;
  const sections = parts.map(({ name, text }) => {
    const count = (text + separator).split("\n").length;
    const map = { version: 3, sources: [name], sourcesContent: [text], names: [], mappings: ["AAAA", ...Array(count - 1).fill("AACA")].join(";") };
    const section = { offset: { line, column: 0 }, map };
    line += count;
    return section;
  });
  return JSON.stringify({ version: 3, sections });
}

async function made(file) {
  if (file.kind === "plotly") return plotly(file);
  const found = await joined(file, loaderOf(file.key) === "js" ? "\n;" : "");
  if (!isProduction || file.kind === "shipped") return found;
  const { code } = await transform(found.text, { loader: loaderOf(file.key), minify: true, charset: "utf8", legalComments: "inline", logLevel: "silent" });
  return { ...found, text: code };
}

/* Throws, with the file's name and the line, where what was made is not what a browser can read. */
async function parsed(key, text) {
  await transform(text, { loader: loaderOf(key), sourcefile: key, logLevel: "silent", logLimit: 3 });
}

function written(name, text) {
  const target = join(plan.folder, name);
  mkdirSync(dirname(target), { recursive: true });
  const plain = Buffer.from(text);
  const params = { [constants.BROTLI_PARAM_QUALITY]: isProduction ? 11 : 4, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length, [constants.BROTLI_PARAM_LGWIN]: 22 };
  const packed = { "": plain, ".br": brotliCompressSync(plain, { params }), ".gz": gzipSync(plain, { level: 9 }) };
  for (const [suffix, content] of Object.entries(packed)) writeFileSync(target + suffix, content);
  return { minified: plain.length, brotli: packed[".br"].length, gzip: packed[".gz"].length };
}

async function main() {
  const outputs = [];
  for (const file of plan.files) outputs.push({ ...file, ...(await made(file)) });
  for (const { key, text } of outputs) await parsed(key, text);

  const files = {};
  for (const output of outputs) {
    const { key, group } = output;
    const hash = hashOf(group ? outputs.filter((other) => other.group === group).map((other) => other.text) : [output.text]);
    const extension = extname(key);
    const name = group ? `${group}.${hash}/${key}` : `${key.slice(0, -extension.length)}.${hash}${extension}`;
    const hint = `${name.split("/").at(-1)}.map`;
    const pointer = extension === ".css" ? `\n/*# sourceMappingURL=${hint} */\n` : `\n//# sourceMappingURL=${hint}\n`;
    const sizes = written(name, output.map ? output.text + pointer : output.text);
    if (output.map) writeFileSync(join(plan.folder, `${name}.map`), output.map);
    files[group ? `${group}/${key}` : key] = { name, original: output.originals, ...sizes };
  }
  process.stdout.write(JSON.stringify({ files, packages: outputs.flatMap((output) => output.packages ?? []), analysis: outputs.map((output) => output.analysis).filter(Boolean).join("\n") }));
}

main().catch((fault) => {
  process.stderr.write(`${fault.message.slice(0, 2000)}\n`);
  process.exitCode = 1;
});
