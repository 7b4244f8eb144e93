import { config } from '../../../config.ts';
import { type Html, writeHtml } from '../../../html.ts';
import type { MailKind } from '../../../models/account/mail.ts';
import { TOKEN_MINUTES } from '../mail-tokens.ts';
import type { MailDetails } from './enqueue-mail.ts';

// No template shows what a user has written, such as a name: an account can be registered with the
// address of somebody else, and our mail must not carry a stranger's words to them.

/** What a template is filled with. */
export interface MailFacts extends MailDetails {
  /** Made for this mail alone, where its kind has one. */
  token?: string;
}

interface Template {
  subject: string;
  /** Paragraphs, before the link and behind it. */
  before: string[];
  /** The page of the front end that takes the token. */
  link?: { page: string; label: string };
  after: string[];
}

const ONCE = `The link works once, and for ${TOKEN_MINUTES} minutes.`;
const NOT_YOU =
  'If that was not you, reset your password now: whoever is signed in is then signed out.';

const templates: Record<MailKind, Template> = {
  RESET_PASSWORD: {
    subject: 'Reset your password',
    before: ['Somebody asked to reset the password of your account.'],
    link: { page: 'reset-password', label: 'Choose a new password' },
    after: [ONCE, 'If that was not you, do nothing: your password stays as it is.'],
  },
  VERIFY_EMAIL: {
    subject: 'Confirm your address',
    before: ['This address was given for an account. Confirm that it is yours.'],
    link: { page: 'verify-email', label: 'Confirm the address' },
    after: [ONCE, 'If you have not asked for it, do nothing.'],
  },
  PASSWORD_CHANGED: {
    subject: 'Your password was changed',
    before: ['The password of your account was changed, and all other sessions were ended.'],
    after: [NOT_YOU],
  },
  EMAIL_CHANGED: {
    subject: 'The address of your account was changed',
    before: ['Your account has another address now. Mails no longer come to this one.'],
    after: ['If that was not you, write to us at once.'],
  },
  NEW_DEVICE: {
    subject: 'A new sign-in to your account',
    before: ['Somebody signed in to your account from a device that had not signed in before.'],
    after: [NOT_YOU],
  },
  ACCOUNT_LOCKED: {
    subject: 'Too many failed sign-ins',
    before: [
      'Somebody has tried too many wrong passwords. For up to a quarter of an hour nobody can sign in to your account that way.',
    ],
    after: ['Devices that have signed in before still can. There is nothing that you must do.'],
  },
};

/** Writes a mail of its kind. */
export function renderMail(
  kind: MailKind,
  facts: MailFacts,
): { subject: string; text: string; html: string } {
  const template = templates[kind];
  const { subject, before, link, after } = template;
  const url = link && facts.token ? makeLink(link.page, facts.token) : undefined;
  const told = describeFacts(facts);
  const text = [...before, ...(told ? [told] : []), ...(url ? [url] : []), ...after].join('\n\n');
  const paragraph = (words: string) => writeHtml`<p>${words}</p>\n`;
  const body: Html[] = [
    ...before.map(paragraph),
    ...(told ? [paragraph(told)] : []),
    ...(link && url ? [writeHtml`<p><a href="${url}">${link.label}</a></p>\n`] : []),
    ...after.map(paragraph),
  ];
  return { subject: `Mixdown: ${subject}`, text: `${text}\n`, html: layOut(subject, body).html };
}

/** The token is behind the #, which no browser sends to a server, nor to another page as the referrer. */
function makeLink(page: string, token: string): string {
  return `${config.appUrl.replace(/\/+$/, '')}/${page}#token=${encodeURIComponent(token)}`;
}

function describeFacts({ at, device, ip }: MailFacts): string {
  const facts = [
    at && `When: ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    device && `Device: ${device}`,
    ip && `Address: ${ip}`,
  ];
  return facts.filter(Boolean).join(' · ');
}

function layOut(title: string, body: Html[]): Html {
  return writeHtml`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body style="margin:0;background:#f4f4f5;font:16px/1.5 sans-serif;color:#18181b">
<div style="max-width:32rem;margin:2rem auto;padding:2rem;background:#fff;border-radius:8px">
<h1 style="margin-top:0;font-size:1.25rem">${title}</h1>
${{ html: body.map((part) => part.html).join('') }}</div>
</body>
</html>
`;
}
