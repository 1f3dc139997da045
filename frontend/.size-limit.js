import { existsSync, readFileSync } from 'node:fs';

const built = 'dist/.vite/manifest.json';
const manifest = existsSync(built) ? JSON.parse(readFileSync(built, 'utf8')) : {};

/** Everything that a page may ever load: its HTML, scripts, styles, and what those load later. */
function filesOf(page) {
  const files = new Set([`dist/${page}`]);
  const visit = (name) => {
    const { file, css = [], assets = [], imports = [], dynamicImports = [] } = manifest[name] ?? {};
    if (!file || files.has(`dist/${file}`)) return;
    for (const each of [file, ...css, ...assets]) files.add(`dist/${each}`);
    [...imports, ...dynamicImports].forEach(visit);
  };
  visit(page);
  return [...files];
}

export default [
  { name: 'listener', path: filesOf('listener.html'), limit: '120 kB', gzip: true },
  { name: 'speaker', path: filesOf('speaker.html'), limit: '250 kB', gzip: true },
];
