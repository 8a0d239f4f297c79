import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What there is to import, by the names of the files. */
const entries = ['index', 'node', 'apollo', 'urql'];

/**
 * What makes the output a package that can be installed without the rest of the platform: a manifest and the README. The
 * names of the imports are those of the platform's own package.
 */
function makePackage(): Plugin {
  const { name, version, license, engines } = JSON.parse(readFileSync(here('../../package.json'), 'utf8'));
  const exports = entries.map((entry) => [
    entry === 'index' ? './sdk' : `./sdk/${entry}`,
    { types: `./${entry}.d.ts`, default: `./${entry}.js` },
  ]);
  const manifest = {
    name,
    version,
    description: 'The client of Panorama: queries, subscriptions that resume, and records without a network',
    license,
    type: 'module',
    sideEffects: false,
    exports: Object.fromEntries(exports),
    engines,
    peerDependencies: { '@apollo/client': '^4.0.0', '@urql/core': '>=5.0.0' },
    peerDependenciesMeta: { '@apollo/client': { optional: true }, '@urql/core': { optional: true } },
  };
  return {
    name: 'make-package',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'package.json', source: `${JSON.stringify(manifest, null, 2)}\n` });
      this.emitFile({ type: 'asset', fileName: 'README.md', source: readFileSync(here('README.md'), 'utf8') });
    },
  };
}

/** The client as JavaScript modules, for whoever does not read TypeScript: browsers, and Node within `node_modules`. */
export default defineConfig({
  root: here('.'),
  publicDir: false,
  logLevel: 'warn',
  plugins: [makePackage()],
  build: {
    outDir: here('../../generated/sdk'),
    emptyOutDir: true,
    target: 'es2024',
    reportCompressedSize: false,
    lib: {
      entry: Object.fromEntries(entries.map((entry) => [entry, here(`${entry}.ts`)])),
      formats: ['es'],
    },
    // Whoever bundles it minifies it; whoever does not can read where an error came from.
    minify: false,
    rolldownOptions: { external: /^node:/ },
  },
});
