import '../../scripts/docs/settings.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

type Sent = { Content: { Raw: { Data: string } }; Destination: { ToAddresses: string[] } };

const sent: Sent[] = [];
let refuses = false;

/** SES on this machine: what it was sent, or a refusal that names the address. */
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString()) as Sent;
  sent.push(body);
  const message = `Email address is not verified: ${body.Destination.ToAddresses[0]}`;
  response.writeHead(refuses ? 400 : 200, {
    'content-type': 'application/json',
    ...(refuses && { 'x-amzn-errortype': 'MessageRejected' }),
  });
  response.end(JSON.stringify(refuses ? { message } : { MessageId: 'm1' }));
});

const mail = {
  id: '01980000-0000-7000-8000-000000000001',
  to: 'ada@example.com',
  subject: 'Mixdown: A subject',
  text: 'As text.\n',
  html: '<p>As HTML.</p>\n',
};

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  vi.stubEnv('STAGE', 'test');
  vi.stubEnv('MAIL_FROM', 'no-reply@mixdown.example');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => void server.close());

test('in the cloud SES is handed the whole mail, to one address, from that of the parameter', async () => {
  const { sendMail } = await import('../../src/providers/mail.ts');
  await sendMail(mail);
  expect(sent[0]?.Destination.ToAddresses).toEqual([mail.to]);
  const raw = Buffer.from(String(sent[0]?.Content.Raw.Data), 'base64').toString();
  expect(raw).toContain('From: Mixdown <no-reply@mixdown.example>');
  expect(raw).toContain(`Message-ID: <${mail.id}@mixdown.example>`);
  expect(raw).toContain('As text.');
  expect(raw).toContain('As HTML.');
});

test('a refusal of SES names the mail, and not the address', async () => {
  const { sendMail } = await import('../../src/providers/mail.ts');
  refuses = true;
  const error = await sendMail(mail).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error?.message).toContain(`${mail.id}: MessageRejected`);
  expect(JSON.stringify([error?.message, error?.stack, error?.cause])).not.toContain(mail.to);
});
