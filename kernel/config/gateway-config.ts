import { z } from 'zod';
import { admissionSections } from './admission-config.ts';
import { gatewayAuth } from './auth-config.ts';
import { readYamlMap } from './read-yaml.ts';
import { httpUrl, mistakesIn, secretText, section } from './section.ts';

const milliseconds = z.int().min(1).max(600_000);
const bytes = z.int().min(1_024).max(1_073_741_824);

/** Headers that belong to one connection or one body (RFC 9110), and those that the gateway sets itself. */
const ownHeaders = new Set(
  (
    'accept accept-encoding connection content-encoding content-length content-type expect host keep-alive ' +
    'proxy-authorization te trailer transfer-encoding upgrade x-correlation-id x-service-token'
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
  subscriptions: section({
    protocol: z.enum(['ws', 'sse']).default('ws'),
    path: z.string().regex(/^\//, 'A path that begins with / is expected.').exactOptional(),
  }).exactOptional(),
  token: section({ secret: secretText.exactOptional() }).exactOptional(),
};

const gatewayConfig = section({
  introspection: z.boolean().exactOptional(),
  suggestions: z.boolean().exactOptional(),
  maxRequestBytes: bytes.exactOptional(),
  deadlineMs: milliseconds.exactOptional(),
  warmUp: z.string().min(1).exactOptional(),
  ...admissionSections,
  supergraph: section({
    intervalMs: milliseconds.exactOptional(),
    timeoutMs: milliseconds.exactOptional(),
  }).exactOptional(),
  auth: gatewayAuth.exactOptional(),
  everySubgraph: section(reach).exactOptional(),
  subgraphs: z.record(z.string(), section({ url: httpUrl.exactOptional(), ...reach })).exactOptional(),
});

/** What the file of `panorama gateway` may say; `docs/operations.md` lists the same keys with their defaults. */
export type GatewayConfig = z.output<typeof gatewayConfig>;

/** Reads the file. Throws `SettingError` with every mistake, each with its place in the file. */
export function readGatewayConfig(file: string): GatewayConfig {
  const parsed = gatewayConfig.safeParse(readYamlMap(file));
  if (parsed.success) return parsed.data;
  throw mistakesIn(file, 'a configuration of a gateway', parsed.error);
}
