import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { outletsOf } from '../../../kernel/config/outlets.ts';
import { readSettings } from '../../../kernel/config/settings.ts';
import { createDataDirectory } from '../../support/platform.ts';

test('nothing leads out of a platform, but to public addresses, unless its settings say so', async () => {
  expect(outletsOf(readSettings({}, {}))).toEqual({ mail: undefined, allowsPrivateAddresses: false });
  const directory = await createDataDirectory();
  const file = join(directory.path, 'settings.yaml');
  await writeFile(
    file,
    'SMTP_URL: smtps://mail.example:465\nMAIL_FROM: P <p@mail.example>\nwebhooks: {allowPrivate: true}',
  );
  const opened = outletsOf(readSettings({ PANORAMA_CONFIG: file }, {}));
  await directory.remove();
  const mail = { url: 'smtps://mail.example:465', from: 'P <p@mail.example>' };
  expect(opened).toEqual({ mail, allowsPrivateAddresses: true });
});

test.each([
  [
    'a mail server that nobody writes from',
    { SMTP_URL: 'smtp://u:p@mail.example' },
    /^SMTP_URL and MAIL_FROM go together/,
  ],
  ['a mail server of another kind', { SMTP_URL: 'http://u:p@mail.example' }, /^SMTP_URL cannot be the value given/],
  ['two senders', { MAIL_FROM: 'a@example.com, b@example.com' }, /^MAIL_FROM cannot be "a@/],
  ['another header', { MAIL_FROM: 'a <a@example.com>\r\nBcc: b@example.com' }, /^MAIL_FROM cannot be "a </],
])('%s is refused', (_, environment, message) => {
  expect(() => outletsOf(readSettings({}, environment))).toThrow(message);
});
