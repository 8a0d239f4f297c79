import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';

/** A page that is served as it was built. */
export interface StaticPageOptions {
  /** What people call it: `playground`. */
  readonly name: string;
  /** Where it is, without a slash at the end: `/playground`. */
  readonly path: string;
  /** Where the bundle lies: what `npm run generate` wrote. */
  readonly directory: string;
  /** What the page reads at `config.json` beside it. */
  readonly config: object;
}

/** Answers a request for the page and resolves to true, or resolves to false and leaves the response alone. */
export type StaticPage = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** One thing that is served, under exactly one path. `read` gives its bytes in one of its encodings. */
interface Resource {
  readonly type: string;
  readonly cacheControl: string;
  readonly etag: string | undefined;
  readonly encodings: readonly Encoding[];
  readonly read: (encoding: Encoding) => Promise<Buffer>;
}

type Encoding = keyof typeof suffixes;

/** Suffix of the precompressed file, best encoding first. */
const suffixes = { br: '.br', gzip: '.gz', identity: '' } as const;
const preferredEncodings: readonly Encoding[] = ['br', 'gzip', 'identity'];

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
};

/** Styles may be inline because the playground's editor writes its colours into the page; nothing else is relaxed. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/**
 * Serves a page below its path. The files are listed once, here: a path that is not in the list does not exist, whatever
 * lies on the disk; a new bundle is seen at the next start. Without a bundle every path of it says how to make one.
 */
export async function createStaticPage({ name, path, directory, config }: StaticPageOptions): Promise<StaticPage> {
  const resources = await listBundle(directory);
  const page = resources.get('index.html');
  const settings = Buffer.from(JSON.stringify(config));
  resources.set('config.json', {
    type: 'application/json',
    cacheControl: 'no-store',
    etag: undefined,
    encodings: ['identity'],
    read: async () => settings,
  });

  return async (request, response) => {
    const [asked = ''] = (request.url ?? '').split('?');
    if (asked !== path && !asked.startsWith(`${path}/`)) return false;
    const resource = resources.get(asked.slice(path.length + 1) || 'index.html');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      sendText(response.setHeader('allow', 'GET, HEAD'), 405, `The ${name} answers GET and HEAD.\n`);
    } else if (page === undefined) {
      sendText(response, 503, `The ${name} has not been built. Run \`npm run generate\`, then start again.\n`);
    } else if (resource === undefined) {
      sendText(response, 404, `The ${name} has no such file.\n`);
    } else {
      await sendResource(request, response, resource);
    }
    return true;
  };
}

async function listBundle(directory: string): Promise<Map<string, Resource>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(emptyIfMissing);
  const files = new Set(
    entries.filter((entry) => entry.isFile()).map((entry) => relative(directory, join(entry.parentPath, entry.name))),
  );
  const resources = new Map<string, Resource>();
  for (const file of files) {
    const type = contentTypes[extname(file)];
    if (type === undefined) continue;
    const hashed = file.startsWith(`assets${sep}`);
    resources.set(file.split(sep).join('/'), {
      type,
      cacheControl: hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: hashed ? undefined : await contentTag(join(directory, file)),
      encodings: preferredEncodings.filter((encoding) => files.has(file + suffixes[encoding])),
      read: (encoding) => readFile(join(directory, file + suffixes[encoding])),
    });
  }
  return resources;
}

function emptyIfMissing(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

async function contentTag(file: string): Promise<string> {
  const digest = createHash('sha256').update(await readFile(file));
  // Weak: one tag stands for all encodings of the same content.
  return `W/"${digest.digest('base64url')}"`;
}

async function sendResource(request: IncomingMessage, response: ServerResponse, resource: Resource) {
  const { type, cacheControl, etag, encodings, read } = resource;
  const headers = { ...securityHeaders, 'cache-control': cacheControl, vary: 'accept-encoding', ...(etag && { etag }) };
  if (etag !== undefined && request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const encoding = encodings.find((candidate) => accepts(request, candidate)) ?? 'identity';
  const body = await read(encoding);
  response.writeHead(200, {
    ...headers,
    'content-type': type,
    'content-length': body.length,
    ...(encoding !== 'identity' && { 'content-encoding': encoding }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Whether the client takes the encoding; one that it gives a weight of zero is refused (RFC 9110 section 12.5.3). */
function accepts(request: IncomingMessage, encoding: Encoding): boolean {
  if (encoding === 'identity') return true;
  const offered = String(request.headers['accept-encoding'] ?? '').split(',');
  return offered.some((offer) => {
    const [name = '', weight = ''] = offer.split(';');
    return name.trim() === encoding && !/^\s*q=0(\.0*)?\s*$/.test(weight);
  });
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .end(text);
}
