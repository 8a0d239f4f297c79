import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The client as JavaScript modules, for whoever does not read TypeScript: browsers, and Node within `node_modules`. */
export default defineConfig({
  root: here('.'),
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: here('../../generated/sdk'),
    emptyOutDir: true,
    target: 'es2024',
    reportCompressedSize: false,
    lib: {
      entry: { index: here('index.ts'), node: here('node.ts'), apollo: here('apollo.ts'), urql: here('urql.ts') },
      formats: ['es'],
    },
    rolldownOptions: { external: /^node:/, output: { minify: true } },
  },
});
