import { type Outlets, publicOutlets } from '../subgraph/background-work.ts';
import { SettingError } from './setting-error.ts';
import type { Settings } from './settings.ts';

/**
 * The ways out of the platform, as the settings open them.
 *
 * @throws {SettingError} where one half of what e-mail needs is missing
 */
export function outletsOf({
  SMTP_URL,
  MAIL_FROM,
  webhooks,
}: Pick<Settings, 'SMTP_URL' | 'MAIL_FROM' | 'webhooks'>): Outlets {
  if ((SMTP_URL === undefined) !== (MAIL_FROM === undefined)) {
    throw new SettingError('SMTP_URL and MAIL_FROM go together: where e-mail is handed in, and who it is from.');
  }
  return {
    mail: SMTP_URL === undefined || MAIL_FROM === undefined ? publicOutlets.mail : { url: SMTP_URL, from: MAIL_FROM },
    allowsPrivateAddresses: webhooks.allowPrivate ?? publicOutlets.allowsPrivateAddresses,
  };
}
