import { z } from 'zod';
import { httpUrl, secretText, section } from './section.ts';

/** Signatures by one secret that issuer and gateway share. */
const sharedAlgorithms = ['HS256', 'HS384', 'HS512'] as const;
/** Signatures by keys of which only the issuer has the private half. */
const publicAlgorithms = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
];
const algorithm = z.enum([...sharedAlgorithms, ...publicAlgorithms]);
type Algorithm = z.output<typeof algorithm>;

const name = z.string().min(1).max(256);
const tenantName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'This is not the id of a tenant.');

const jwtSection = section({
  secret: secretText.exactOptional(),
  jwksUrl: httpUrl.exactOptional(),
  issuer: name.exactOptional(),
  audience: name.exactOptional(),
  algorithms: z.array(algorithm).min(1).exactOptional(),
  clockSkewSeconds: z.int().min(0).max(300).default(30),
  claims: section({
    tenant: name.default('tenant'),
    app: name.default('app'),
    user: name.default('sub'),
    permissions: name.default('scope'),
    roles: name.default('roles'),
  }).prefault({}),
  defaults: section({ tenant: tenantName.exactOptional(), app: name.exactOptional() }).exactOptional(),
});

/** How tokens of an issuer are checked and read. */
export interface JwtConfig extends Omit<z.output<typeof jwtSection>, 'algorithms' | 'secret' | 'jwksUrl'> {
  readonly algorithms: readonly Algorithm[];
  readonly key: { readonly secret: string } | { readonly jwksUrl: string };
}

/**
 * One kind of key goes with one kind of signature: a public key that could also be a secret would let everyone sign
 * (RFC 8725, section 2.1).
 */
const jwt = jwtSection.transform(({ secret, jwksUrl, algorithms, ...rest }, context): JwtConfig => {
  const refuse = (path: readonly string[], message: string) => {
    context.issues.push({ code: 'custom', input: path, path: [...path], message });
    return z.NEVER;
  };
  if ((secret === undefined) === (jwksUrl === undefined)) return refuse([], 'Either `secret` or `jwksUrl` is needed.');
  if (jwksUrl !== undefined && rest.issuer === undefined) {
    return refuse(['issuer'], 'With `jwksUrl` the issuer is needed: the value of `iss` in its tokens.');
  }
  const fitting: readonly Algorithm[] = secret === undefined ? publicAlgorithms : sharedAlgorithms;
  const stranger = algorithms?.find((one) => !fitting.includes(one));
  if (stranger)
    return refuse(['algorithms'], `${stranger} does not go with this kind of key: ${fitting.join(', ')} do.`);
  const key = secret === undefined ? { jwksUrl: jwksUrl ?? '' } : { secret };
  return { ...rest, key, algorithms: algorithms ?? (secret === undefined ? publicAlgorithms : ['HS256']) };
});

/** The section `auth` of the platform's settings file: a further issuer of tokens, beside the platform itself. */
export const platformAuth = section({ jwt });

/** The section `auth` of a gateway without apps: which keys and tokens it takes, and whether it answers those who have none. */
export const gatewayAuth = section({
  jwt: jwt.exactOptional(),
  accessTokens: z.boolean().exactOptional(),
  apiKeys: z.boolean().exactOptional(),
  anonymous: z.boolean().exactOptional(),
}).refine(({ jwt, accessTokens, apiKeys }) => jwt !== undefined || accessTokens === true || apiKeys === true, {
  error: 'Say what is taken: `jwt`, `accessTokens`, `apiKeys`, or several of them.',
});

export type PlatformAuth = z.output<typeof platformAuth>;
export type GatewayAuth = z.output<typeof gatewayAuth>;
