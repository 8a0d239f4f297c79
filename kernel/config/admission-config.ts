import { z } from 'zod';
import { type OperationLimits, operationLimitNames } from './operation-limits.ts';
import { section } from './section.ts';
import { type StreamLimits, streamLimitNames } from './stream-limits.ts';

const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

const limit = count.exactOptional();
const limitShape = Object.fromEntries(operationLimitNames.map((name) => [name, limit]));

const streamLimit = z.int().min(1).max(2_147_483_647).exactOptional();
const streamShape = Object.fromEntries(streamLimitNames.map((name) => [name, streamLimit]));

/** An origin as browsers send it: scheme, host, and the port where it is not the scheme's own; nothing behind. */
const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  error: 'An origin is expected, as in "https://app.example.com": a scheme and a host, without a path.',
});

const rateLimit = section({
  keyCostPerMinute: count.exactOptional(),
  tenantCostPerMinute: count.exactOptional(),
  addressCostPerMinute: count.exactOptional(),
  refusalsPerMinute: count.exactOptional(),
  store: z.enum(['memory', 'postgres']).exactOptional(),
});

const trustedDocuments = section({
  file: z.string().min(1).exactOptional(),
  only: z.array(z.string().min(1)).exactOptional(),
  automatic: z.boolean().exactOptional(),
});

/** The sections of a file of settings that say what is let in; the same for the platform and for a gateway alone. */
export const admissionSections = {
  limits: section(limitShape as Record<keyof OperationLimits, typeof limit>).exactOptional(),
  rateLimit: rateLimit.exactOptional(),
  streams: section(streamShape as Record<keyof StreamLimits, typeof streamLimit>).exactOptional(),
  cors: section({ origins: z.array(origin).exactOptional() }).exactOptional(),
  trustedDocuments: trustedDocuments.exactOptional(),
  trustedProxies: z.int().min(0).max(10).exactOptional(),
};

/** What is let in, as a file of settings says it; what it leaves out has a default. */
export type AdmissionConfig = z.output<ReturnType<typeof section<typeof admissionSections>>>;
