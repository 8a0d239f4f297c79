/** Where e-mail is handed in, as `smtp:` or `smtps:`, and who it is from. */
export interface MailOutlet {
  readonly url: string;
  readonly from: string;
}

/** An e-mail to one person, as plain text. */
export interface Email {
  /** Of the delivery: the same for every attempt, so that a server can tell a copy. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** What came of an e-mail; the code is the reply of the server, null where it said nothing. */
export type EmailAnswer =
  | { readonly isTaken: true; readonly code: number | null }
  | { readonly isTaken: false; readonly code: number | null; readonly mayPass: boolean; readonly reason: string };

const timeoutMs = 10_000;

/** One address of RFC 5322 without anything that could be a second one, or another header. */
const plainAddress = /^[^\s<>(),:;@"\\]+@[^\s<>(),:;@"\\]+$/;

function failureOf(error: unknown): EmailAnswer {
  const { responseCode, code } = error as { readonly responseCode?: unknown; readonly code?: unknown };
  const reply = typeof responseCode === 'number' ? responseCode : null;
  // A reply of the 500s is for good (RFC 5321, 4.2.1); of others, and of no reply, a later attempt may come to more.
  const mayPass = reply === null || reply < 500 || code === 'EAUTH';
  const reason = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'NO_ANSWER';
  return { isTaken: false, code: reply, mayPass, reason };
}

/** Hands an e-mail in. */
export async function sendEmail({ url, from }: MailOutlet, email: Email): Promise<EmailAnswer> {
  const { id, to, subject, text } = email;
  if (!plainAddress.test(to)) return { isTaken: false, code: null, mayPass: false, reason: 'ADDRESS_INVALID' };
  // It takes some 20 MB, which a platform that sends no e-mail has no need of.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(
    { url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    { disableFileAccess: true, disableUrlAccess: true },
  );
  try {
    const domain = from.slice(from.lastIndexOf('@') + 1).replace(/>.*$/, '');
    const { response } = await transport.sendMail({
      from,
      to: { name: '', address: to },
      messageId: `<${id}@${domain}>`,
      subject: subject.replace(/\s+/g, ' '),
      text,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    const code = Number.parseInt(String(response), 10);
    return { isTaken: true, code: Number.isNaN(code) ? null : code };
  } catch (error) {
    return failureOf(error);
  } finally {
    transport.close();
  }
}
