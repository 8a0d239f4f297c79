import { PanoramaError } from '../../kernel/errors/panorama-error.ts';

const messages = {
  KEY_UNKNOWN: 'This API key is not known.',
  KEY_REVOKED: 'This API key was revoked.',
  KEY_EXPIRED: 'This API key has expired.',
  TENANT_INACTIVE: 'The tenant of this credential is not active.',
  TOKEN_EXPIRED: 'This token has expired.',
} as const;

/** The refusal of a credential that opens nothing, with the exact cause. */
export function refuseCredential(reason: keyof typeof messages): PanoramaError {
  return new PanoramaError('UNAUTHENTICATED', messages[reason], { reason });
}

/** The refusal of a credential that is good, but not in the app that it is used from. */
export function refuseApp(named: string | undefined): PanoramaError {
  const message =
    named === undefined
      ? 'This credential belongs to no app by itself: name the app in the header `x-source-app`.'
      : 'This credential may not be used from the app named in `x-source-app`.';
  return new PanoramaError('FORBIDDEN', message, { reason: 'APP_NOT_ALLOWED' });
}
