// Opens exported models as bpmn.io's modellers do: reads them with their meta model, and draws each process in
// a browser. A warning is a fault: it is something that the modeller did not understand or could not place.
//
// bpmn.io's reader of decision models knows DMN 1.3; ours are 1.5 and are read with 1.3's namespaces in their place.
//
// usage: node open.mjs CHROMIUM FOLDER   (what `samverk export --format bpmn --out FOLDER` and `--format dmn` wrote)

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BpmnModdle } from 'bpmn-moddle';
import { DmnModdle } from 'dmn-moddle';

const [chromium, folder] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const library = fs.readFileSync(path.join(here, 'node_modules/bpmn-js/dist/bpmn-modeler.production.min.js'), 'utf8');

// The browser's side: import, count what is drawn, write the answer as the page's text.
const inPage = `
  const answer = (it) => { document.body.innerHTML = ''; document.body.append('ANSWER' + JSON.stringify(it) + 'END'); };
  const modeler = new BpmnJS({ container: '#canvas' });
  modeler.importXML(document.getElementById('model').textContent).then(({ warnings }) => {
    const registry = modeler.get('elementRegistry');
    const drawn = registry.filter((element) => !element.labelTarget && element.id !== '__implicitroot').length;
    const collaboration = modeler.getDefinitions().rootElements.find((it) => it.$type === 'bpmn:Collaboration');
    answer({ warnings: warnings.map((it) => it.message), drawn, pools: collaboration ? collaboration.participants.length : 0 });
  }, (why) => answer({ error: why.message, warnings: (why.warnings || []).map((it) => it.message) }));
`;

function inBrowser(xml) {
  const page = path.join(folder, 'open.html');
  const model = JSON.stringify(xml).replaceAll('<', '\\u003c');
  fs.writeFileSync(page, `<!doctype html><meta charset="utf-8"><div id="canvas" style="width:1600px;height:1000px"></div>
<script id="model" type="text/plain"></script><script>${library.replaceAll('</script', '<\\/script')}</script>
<script>document.getElementById('model').textContent = ${model};${inPage}</script>`);
  const run = spawnSync(chromium, ['--headless', '--disable-gpu', '--no-sandbox', '--virtual-time-budget=60000', '--dump-dom',
    `file://${page}`], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: 120000 });
  fs.rmSync(page);
  const found = /ANSWER(.*)END/s.exec(run.stdout || '');
  if (!found) return { error: `the browser gave no answer: ${run.error || run.stderr.slice(-300)}`, warnings: [] };
  const text = found[1].replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  return JSON.parse(text);
}

const DMN_1_3 = [
  ['https://www.omg.org/spec/DMN/20230324/MODEL/', 'https://www.omg.org/spec/DMN/20191111/MODEL/'],
  ['https://www.omg.org/spec/DMN/20230324/DMNDI/', 'https://www.omg.org/spec/DMN/20191111/DMNDI/'],
];

let wrong = 0;
const files = fs.readdirSync(folder).filter((name) => /\.(bpmn|dmn)$/.test(name)).sort();
for (const name of files) {
  const isProcess = name.endsWith('.bpmn');
  let xml = fs.readFileSync(path.join(folder, name), 'utf8');
  if (!isProcess) for (const [ours, theirs] of DMN_1_3) xml = xml.replaceAll(ours, theirs);
  const moddle = isProcess ? new BpmnModdle() : new DmnModdle();
  const faults = [];
  let said = '';
  try {
    const { warnings, elementsById } = await moddle.fromXML(xml, isProcess ? undefined : 'dmn:Definitions');
    faults.push(...warnings.map((it) => it.message));
    said = `${Object.keys(elementsById).length} elements read`;
  } catch (why) {
    faults.push(why.message, ...(why.warnings || []).map((it) => it.message));
  }
  if (isProcess) {
    const { error, warnings, drawn, pools } = inBrowser(xml);
    faults.push(...(error ? [error] : []), ...warnings);
    said += `, ${drawn ?? 0} drawn, ${pools ?? 0} pools`;
    if (!drawn) faults.push('nothing was drawn');
  }
  console.log(`  ${name.padEnd(44)} ${said}, ${faults.length} warnings`);
  for (const fault of faults.slice(0, 5)) console.log(`    ${fault}`);
  wrong += faults.length ? 1 : 0;
}
console.log(`${files.length} models opened, ${wrong} with warnings`);
process.exit(wrong || !files.length ? 1 : 0);
