import '../harness/place.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeHtml } from '../../src/html.ts';
import { MAIL_KINDS } from '../../src/models/account/mail.ts';
import { describeDevice } from '../../src/services/account/mail/device.ts';
import { renderMail } from '../../src/services/account/mail/templates.ts';
import { given } from '../harness/given.ts';
import { mailTo } from '../harness/mails.ts';
import { api } from '../harness/place.ts';

const EVIL = `"><script>alert('x')</script>&amp;`;

test.each(MAIL_KINDS)('%s says the same as text and as HTML, in which data is escaped', (kind) => {
  const facts = { token: EVIL, device: EVIL, ip: EVIL, at: new Date(0) };
  const { subject, text, html } = renderMail(kind, facts);
  expect(subject).toMatch(/^Mixdown: [A-Z][\w -]+$/);
  expect(text).toContain('When: 1970-01-01 00:00 UTC');
  expect(html).toContain('When: 1970-01-01 00:00 UTC');
  expect(html).not.toContain('<script');
  expect(html).toContain('&quot;&gt;&lt;script&gt;');
  for (const [, paragraph] of html.matchAll(/<p>([A-Z][\w ,:.]+)<\/p>/g))
    expect(text).toContain(paragraph);
});

test('a value in HTML is escaped, and HTML in it is not escaped twice', () => {
  const inner = writeHtml`<b>${'a & b'}</b>`;
  expect(writeHtml`<p title="${'"'}">${inner}</p>`.html).toBe(
    '<p title="&quot;"><b>a &amp; b</b></p>',
  );
});

test.each([
  ['Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0', 'Firefox on Windows'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18) AppleWebKit Version/18 Safari/604', 'Safari on iOS'],
  ['Mozilla/5.0 (X11; Linux) AppleWebKit Chrome/140 Safari/537 Edg/140', 'Edge on Linux'],
  ['curl/8.9', 'A program'],
  ['You have won: http://evil.example', 'An unknown app'],
  [undefined, 'An unknown app'],
])('%s is told as %s', (userAgent, told) => {
  expect(describeDevice(userAgent)).toBe(told);
});

test('a mail is a file that any mail program opens, and a page of the local gateway', async () => {
  const alice = await given.user();
  const mail = await mailTo(alice.email, 'Confirm your address');
  const raw = await readFile(join(process.env.MAIL_DIR as string, `${mail.id}.eml`), 'utf8');
  expect(raw).toContain(`To: ${alice.email}`);
  expect(raw).toContain(`Message-ID: <${mail.id}@localhost>`);
  expect(raw).toMatch(/multipart\/alternative[\s\S]*text\/plain[\s\S]*text\/html/);
  const get = async (path: string) => {
    const answer = await fetch(api + path);
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  expect((await get('/dev/mail')).text).toContain(`href="/dev/mail/${mail.id}"`);
  const page = await get(`/dev/mail/${mail.id}`);
  expect(page.text).toContain('Confirm your address');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await get(`/dev/mail/${mail.id}.html`)).text).toContain('verify-email#token=');
  expect((await get('/dev/mail/none')).status).toBe(404);
  expect((await get('/dev/mail/..%2f..%2fsecrets')).status).toBe(404);
});
