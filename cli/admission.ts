import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createAutomaticDocuments } from '../gateway/admission/automatic-documents.ts';
import { createMemoryRateLimitStore } from '../gateway/admission/memory-rate-limit-store.ts';
import { createRateLimiter, type RateLimitStore, type RateLimits } from '../gateway/admission/rate-limit.ts';
import type { DocumentPolicy } from '../gateway/admission/resolve-document.ts';
import { noTrustedDocuments, type TrustedDocuments, trustDocuments } from '../gateway/admission/trusted-documents.ts';
import type { GatewayOptions } from '../gateway/index.ts';
import type { AdmissionConfig } from '../kernel/config/admission-config.ts';
import { readDocumentManifest } from '../kernel/config/document-manifest.ts';
import type { OperationLimits } from '../kernel/config/operation-limits.ts';
import { SettingError } from '../kernel/config/setting-error.ts';

/** What holds where the file of settings says nothing. */
export interface AdmissionDefaults {
  readonly limits: OperationLimits;
  readonly rateLimits: RateLimits;
  /** The folder that paths in the file begin at. */
  readonly directory: string;
  /** Where use is counted; in this process by default. */
  readonly store?: RateLimitStore;
}

const automaticDocumentBytes = 16 * 1024 * 1024;

/** The part of a gateway's options that says what is let in. Throws `SettingError` for a manifest that cannot be used. */
export function admissionOptions(config: AdmissionConfig, defaults: AdmissionDefaults): Partial<GatewayOptions> {
  if (config.rateLimit?.store === 'postgres' && !defaults.store) {
    throw new SettingError(
      'rateLimit.store cannot be "postgres" here: a gateway without `auth.apiKeys` has no database to count in.',
    );
  }
  const { store = createMemoryRateLimitStore() } = defaults;
  return {
    limits: { ...defaults.limits, ...config.limits },
    streams: config.streams ?? {},
    rateLimiter: createRateLimiter(store, { ...defaults.rateLimits, ...config.rateLimit }),
    documents: documentPolicy(config, defaults.directory),
    origins: config.cors?.origins ?? [],
    trustedProxies: config.trustedProxies ?? 0,
  };
}

function documentPolicy({ trustedDocuments = {} }: AdmissionConfig, directory: string): DocumentPolicy {
  const { file, only = [], automatic = true } = trustedDocuments;
  if (only.length > 0 && file === undefined) {
    throw new SettingError(
      'trustedDocuments.only needs trustedDocuments.file: without documents nothing could be sent.',
    );
  }
  return {
    trusted: file === undefined ? noTrustedDocuments : readTrusted(resolve(directory, file)),
    only: new Set(only),
    ...(automatic && { automatic: createAutomaticDocuments(automaticDocumentBytes) }),
  };
}

function readTrusted(file: string): TrustedDocuments {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingError(`The trusted documents cannot be read: ${(error as Error).message}`);
  }
  return trustDocuments(file, readDocumentManifest(file, source));
}
