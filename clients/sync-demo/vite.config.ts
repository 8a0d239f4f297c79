import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { precompress } from '../playground/precompress.ts';

/** The page is served below `/demo/sync/`; everything it needs is in the bundle. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/demo/sync/',
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../../generated/sync-demo', import.meta.url)),
    emptyOutDir: true,
    target: 'es2024',
    // The polyfill would be an inline script, which the page's content security policy refuses.
    modulePreload: { polyfill: false },
    // An inlined picture is a `data:` address; files are what the server lists.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  plugins: [precompress()],
});
