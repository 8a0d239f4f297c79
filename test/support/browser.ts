import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const systemBrowser = '/usr/bin/chromium';

/** A page whose traffic and complaints are written down as they happen. */
export interface WatchedPage {
  readonly page: Page;
  /** Addresses outside the page's own origin that it tried to reach; none of them was let through. */
  readonly foreignRequests: readonly string[];
  /** Console errors, refusals by the content security policy and uncaught exceptions, as text. */
  readonly complaints: readonly string[];
}

/**
 * Starts a headless Chromium: the one at CHROMIUM_PATH if that is set, else the one that comes as an npm package, else
 * the system's. Close it with `browser.close()`.
 */
export async function launchBrowser(): Promise<Browser> {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen !== undefined) return launch(chosen, {});
  const unpacked = await unpackBrowser();
  const env = { LD_LIBRARY_PATH: join(unpacked, 'al2023/lib'), FONTCONFIG_FILE: join(unpacked, 'fonts.conf') };
  return launch(join(unpacked, 'chromium'), env).catch((error: unknown) => {
    if (!existsSync(systemBrowser)) throw error;
    return launch(systemBrowser, {});
  });
}

/** Opens a page that can reach `origin` (such as `http://127.0.0.1:4000`) and nothing else. */
export async function newPage(browser: Browser, origin: string): Promise<WatchedPage> {
  const foreignRequests: string[] = [];
  const complaints: string[] = [];
  const context = await browser.newContext({ viewport: { width: 1440, height: 1200 } });
  const isForeign = (url: URL): boolean => /^(https?|wss?):$/.test(url.protocol) && url.host !== new URL(origin).host;
  await context.route(isForeign, async (route) => {
    foreignRequests.push(route.request().url());
    await route.abort('blockedbyclient');
  });
  const page = await context.newPage();
  // Shorter than a test may take, so that a failure names what was waited for.
  page.setDefaultTimeout(10_000);
  page.on('websocket', (socket) => {
    if (isForeign(new URL(socket.url()))) foreignRequests.push(socket.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, foreignRequests, complaints };
}

function launch(executablePath: string, env: Readonly<Record<string, string>>): Promise<Browser> {
  // Containers rarely allow the sandbox; only our own pages are opened here.
  return chromium.launch({ executablePath, args: ['--no-sandbox'], env: { ...process.env, ...env } });
}

/**
 * Unpacks the browser of `@sparticuz/chromium` once per version and gives the directory. The package unpacks into the
 * temporary directory and takes a half-written file of another process for a whole one, so this is done in a directory
 * of its own that is put in place when it is complete.
 */
async function unpackBrowser(): Promise<string> {
  const manifest = await readFile(join(root, 'node_modules/@sparticuz/chromium/package.json'), 'utf8');
  const cache = join(root, 'node_modules/.cache');
  const target = join(cache, `chromium-${JSON.parse(manifest).version}`);
  if (existsSync(target)) return target;
  await mkdir(cache, { recursive: true });
  const staging = await mkdtemp(join(cache, 'chromium-'));
  const script = `import browser from '@sparticuz/chromium'; await browser.executablePath();`;
  // The runtime's name makes the package unpack the libraries too that a bare machine lacks (NSS, expat).
  const env = { ...process.env, TMPDIR: staging, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' };
  await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: root, env });
  await writeFile(join(staging, 'fonts.conf'), fontSettings(target));
  await rename(staging, target).catch(async (error: NodeJS.ErrnoException) => {
    // Another process was faster; its copy is as good.
    await rm(staging, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return target;
}

/** The browser ends itself when it finds no font at all: the package brings one, for machines that have none. */
function fontSettings(directory: string): string {
  const dirs = ['/usr/share/fonts', join(directory, 'fonts')].map((dir) => `<dir>${dir}</dir>`).join('');
  const cache = `<cachedir>${join(directory, 'fonts-cache')}</cachedir>`;
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${dirs}${cache}</fontconfig>\n`;
}
