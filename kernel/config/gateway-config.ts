import { z } from 'zod';
import { nearestName } from './nearest-name.ts';
import { readYamlMap } from './read-yaml.ts';
import { SettingError } from './setting-error.ts';

/** A map with exactly these keys, each of which may be left out. An unknown one is refused with the nearest known one. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  const describe = (name: string) => `There is no key "${name}". Did you mean "${nearestName(name, known)}"?`;
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `${issue.keys.map(describe).join(' ')} The keys are: ${known.join(', ')}.`
        : undefined,
  });
}

const milliseconds = z.int().min(1).max(600_000);
const bytes = z.int().min(1_024).max(1_073_741_824);
const httpUrl = z.url({ protocol: /^https?$/, error: 'A URL that begins with http: or https: is expected.' });

/** Headers that belong to one connection or one body (RFC 9110), and those that the gateway sets itself. */
const ownHeaders = new Set(
  (
    'accept accept-encoding connection content-encoding content-length content-type expect host keep-alive ' +
    'proxy-authorization te trailer transfer-encoding upgrade x-correlation-id'
  ).split(' '),
);

const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'This is not the name of a header.')
  .transform((name) => name.toLowerCase())
  .refine((name) => !ownHeaders.has(name), 'This header is set by the gateway and cannot be passed on.');

const reach = {
  forwardHeaders: z.array(headerName).exactOptional(),
  timeoutMs: milliseconds.exactOptional(),
  maxAnswerBytes: bytes.exactOptional(),
};

const gatewayConfig = section({
  introspection: z.boolean().exactOptional(),
  suggestions: z.boolean().exactOptional(),
  maxRequestBytes: bytes.exactOptional(),
  deadlineMs: milliseconds.exactOptional(),
  warmUp: z.string().min(1).exactOptional(),
  supergraph: section({
    intervalMs: milliseconds.exactOptional(),
    timeoutMs: milliseconds.exactOptional(),
  }).exactOptional(),
  everySubgraph: section(reach).exactOptional(),
  subgraphs: z.record(z.string(), section({ url: httpUrl.exactOptional(), ...reach })).exactOptional(),
});

/** What the file of `panorama gateway` may say; `docs/operations.md` lists the same keys with their defaults. */
export type GatewayConfig = z.output<typeof gatewayConfig>;

/** Reads the file. Throws `SettingError` with every mistake, each with its place in the file. */
export function readGatewayConfig(file: string): GatewayConfig {
  const parsed = gatewayConfig.safeParse(readYamlMap(file));
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(
    ({ path, message }) => `  ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
  );
  throw new SettingError(`${file} is not a configuration of a gateway.\n${mistakes.join('\n')}`);
}
