import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { precompress } from './precompress.ts';

/** The playground is served below `/playground/`; everything it needs is in the bundle. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/playground/',
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../../generated/playground', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The polyfill would be an inline script, which the page's content security policy refuses.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      onwarn(warning, report) {
        // `"use client"` in libraries speaks to frameworks that render on a server; here there is none.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') report(warning);
      },
    },
    // The editor is one large module by nature; splitting it would not make the page load less.
    chunkSizeWarningLimit: 4096,
  },
  worker: { format: 'es' },
  plugins: [precompress()],
});
