// The page, made by Allure's own library: `node generate.mjs FOLDER` with the installed generator in FOLDER.
//
// It loads the library, then reads one JSON object to the end of its input: {config, files, folder}. Whoever starts it early
// has the loading done meanwhile; where the input ends with nothing in it, there is no page to make.
//   config: as Allure's configuration file has it   files: the results, text by name   folder: with more of them, or none
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as module from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

// A fifth of a second of what is never used here: uploads, archives, results in XML.
const UNUSED = {
  axios: "export default {}; export const isAxiosError = () => false;",
  "fast-xml-parser": "export class XMLParser {}; export class XMLBuilder {};",
  "node-stream-zip": "export default {};",
  "zip-stream": "export default {};",
};
const inPlaceOf = (name) => ({ url: `data:text/javascript,${UNUSED[name]}`, format: "module", shortCircuit: true });
module.registerHooks?.({
  resolve: (name, context, next) => (name in UNUSED ? inPlaceOf(name) : next(name, context)),
});

const packages = join(process.argv[2], "node_modules", "@allurereport");
const load = (file) => import(pathToFileURL(join(packages, file)).href);
const [{ AllureReport }, { FileSystemReportFiles }, { default: Awesome }, { BufferResultFile }] = await Promise.all([
  load("core/dist/report.js"),
  load("core/dist/plugin.js"),
  load("plugin-awesome/dist/index.js"),
  load("reader-api/dist/index.js"),
]);

// A result that is in memory is not read in parts, as one on disk is.
class Held extends BufferResultFile {
  asBuffer = async () => this.buffer;
  asUtf8String = async () => this.buffer.toString();
  asJson = async () => JSON.parse(this.buffer.toString());
}

const asked = await text(process.stdin);
if (asked) await make(JSON.parse(asked));

async function make({ config, files, folder }) {
  const { options } = config.plugins.awesome;
  const plugins = [{ id: "awesome", enabled: true, options, plugin: new Awesome(options) }];
  const report = new AllureReport({ ...config, plugins, reportFiles: new FileSystemReportFiles(config.output) });
  await report.start();
  for (const [name, content] of Object.entries(files)) await report.readResult(new Held(Buffer.from(content), name));
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!(name in files)) await report.readResult(new Held(readFileSync(join(folder, name)), name));
  }
  await report.done();
}
