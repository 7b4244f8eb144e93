import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Asked {
  KeyId: string;
  CiphertextBlob: string;
  EncryptionContext: Record<string, string>;
}

/** A KMS with one key, on this machine: what it has been asked, and how it may fail. */
export interface Kms {
  arn: string;
  calls: { operation: string; context: Record<string, string> }[];
  /** The error that it answers, with its status: `{ status: 400, name: 'AccessDeniedException' }`. */
  fails?: { status: number; name: string } | undefined;
  stop(): void;
}

/** Starts it and points the SDK at it; before anything reads the environment. */
export async function startKms(): Promise<Kms> {
  const master = randomBytes(32);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '');
    kms.calls.push({ operation, context: asked.EncryptionContext });
    const { status, body } = kms.fails
      ? { status: kms.fails.status, body: { __type: kms.fails.name, message: 'refused' } }
      : answer(master, kms.arn, operation, asked);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kms: Kms = {
    arn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    calls: [],
    stop: () => void server.close(),
  };
  server.unref();
  process.env.SEALING_KEY_ARN = kms.arn;
  process.env.AWS_ENDPOINT_URL_KMS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return kms;
}

function answer(master: Buffer, arn: string, operation: string, asked: Asked) {
  const refusal = (name: string) => ({ status: 400, body: { __type: name, message: 'refused' } });
  if (asked.KeyId !== arn) return refusal('NotFoundException');
  const context = Buffer.from(JSON.stringify(Object.entries(asked.EncryptionContext).toSorted()));
  if (operation === 'GenerateDataKey') {
    const key = randomBytes(32);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', master, nonce).setAAD(context);
    const blob = Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    const body = {
      KeyId: arn,
      Plaintext: key.toString('base64'),
      CiphertextBlob: blob.toString('base64'),
    };
    return { status: 200, body };
  }
  const blob = Buffer.from(asked.CiphertextBlob, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', master, blob.subarray(0, 12))
    .setAAD(context)
    .setAuthTag(blob.subarray(-16));
  try {
    const key = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]);
    return { status: 200, body: { KeyId: arn, Plaintext: key.toString('base64') } };
  } catch {
    return refusal('InvalidCiphertextException');
  }
}
