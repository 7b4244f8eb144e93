import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SESv2Client } from '@aws-sdk/client-sesv2';
import { config } from '../config.ts';

/** A mail to one address, as text and as HTML. */
export interface MailMessage {
  /** Names the mail: what is sent twice after a crash has the same Message-ID. */
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
}

/**
 * Sends a mail by SES; on a laptop it writes it to a folder, as `<id>.eml` and as `<id>.json`.
 * @throws Error when it cannot be sent, without the address
 */
export async function sendMail(message: MailMessage): Promise<void> {
  if (config.stage === 'local') return writeToFolder(message);
  const { createTransport } = await import('nodemailer');
  const { SendEmailCommand } = await import('@aws-sdk/client-sesv2');
  const transport = createTransport({ SES: { sesClient: await loadClient(), SendEmailCommand } });
  try {
    await transport.sendMail(describeMail(message));
  } catch (error) {
    // The message of SES names the address, which belongs into no log.
    const { name } = error as Error;
    throw new Error(`SES did not take the mail ${message.id}: ${name}.`);
  }
}

/** The mail as nodemailer takes it. */
function describeMail({ id, to, subject, text, html }: MailMessage) {
  if (!config.mailFrom) throw new Error('MAIL_FROM is not set, so no mail can be sent.');
  return {
    from: { name: 'Mixdown', address: config.mailFrom },
    // Not parsed: one address, whatever is in it.
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId: `<${id}@${config.mailFrom.split('@')[1]}>`,
    // Nobody's absence is told to us (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

let client: SESv2Client | undefined;

/** Loaded where it is used, by the worker alone. */
async function loadClient(): Promise<SESv2Client> {
  const { SESv2Client } = await import('@aws-sdk/client-sesv2');
  client ??= new SESv2Client({
    region: config.region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true },
  });
  return client;
}

async function writeToFolder(message: MailMessage): Promise<void> {
  if (!config.mailDir) throw new Error('MAIL_DIR is not set, so no mail can be written.');
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({ streamTransport: true, buffer: true });
  const { message: raw } = await transport.sendMail(describeMail(message));
  await mkdir(config.mailDir, { recursive: true });
  const json = JSON.stringify({ ...message, at: new Date().toISOString() });
  await writeWhole(join(config.mailDir, `${message.id}.eml`), raw as Buffer);
  await writeWhole(join(config.mailDir, `${message.id}.json`), json);
}

/** Whoever reads the file meanwhile sees all of it, or nothing. */
async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}
