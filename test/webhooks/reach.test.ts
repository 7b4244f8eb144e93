import '../harness/place.ts';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { isPublicAddress } from '../../src/providers/public-address.ts';
import { findUrlFault } from '../../src/services/webhooks/endpoint-url.ts';
import { post } from '../../src/services/webhooks/post.ts';

const outside = { toLoopback: false };
const signal = new AbortController().signal;
const message = (url: string) => ({ url, headers: {}, body: '{}' });

/** What nobody may reach by a webhook: it counts whoever does, by HTTP or only by a connection. */
let hits = 0;
let canary: Server;
let port = 0;

beforeAll(async () => {
  canary = createServer((_, response) => response.end('secret'));
  canary.on('connection', () => hits++);
  await new Promise<void>((resolve) => canary.listen(0, '::', resolve));
  port = (canary.address() as AddressInfo).port;
});

afterAll(() => {
  canary.closeAllConnections();
  canary.close();
});

const INSIDE = [
  ...['127.0.0.1', '127.1', '127.0.1', '127.255.255.254', '0x7f.1', '0x7f000001', '2130706433'],
  ...['017700000001', '0177.0.0.1', '0', '0.0.0.0', '00000000000000000000000177.0.0.1'],
  ...['１２７.０.０.１', '127。0。0。1', '①②⑦.0.0.1', '127.0.0.1.', '%31%32%37.0.0.1'],
  ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
  ...['[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]', '[64:ff9b::7f00:1]'],
  ...['[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '[fe80::1]', '[fec0::1]'],
  ...['[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[::ffff:169.254.169.254]', '[2001:db8::1]'],
  ...['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.254', '192.168.1.1', '100.64.0.1'],
  ...['169.254.169.254', '0xa9fea9fe', '2852039166', '169.254.170.2', '192.0.0.192', '198.18.0.1'],
  ...['224.0.0.1', '240.0.0.1', '255.255.255.255', '192.0.2.1', '203.0.113.7', '192.88.99.1'],
  ...['localhost', 'LOCALHOST', 'localhost.', 'foo.localhost', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ', 'printer.local'],
  ...[
    'metadata.google.internal',
    'router.home.arpa',
    'intranet',
    'user@example.com',
    'a:b@example.com',
  ],
];

test.each(INSIDE)('https://%s is refused by its text, and nothing connects to it', async (host) => {
  const url = `https://${host}/`;
  const withPort = `https://${host}:${port}/`;
  expect(findUrlFault(url, outside)).toBeDefined();
  const outcome = await post(message(withPort), { signal, ...outside });
  expect(outcome).toMatchObject({ error: expect.stringMatching(/^The URL must/) });
  expect(hits).toBe(0);
});

test.each(['http', 'ftp', 'file', 'gopher', 'ws', 'data', 'javascript'])(
  'a URL of %s: is refused',
  (scheme) => {
    expect(findUrlFault(`${scheme}://example.com/`, outside)).toBe('must begin with https://');
  },
);

test('URLs of the public internet are taken', () => {
  for (const host of [
    'example.com',
    'hooks.example.co.uk:8443',
    '1.1.1.1',
    '[2606:4700::1111]',
    'bücher.example',
  ]) {
    expect(findUrlFault(`https://${host}/hook?a=1`, outside), host).toBeUndefined();
  }
});

test('in development http and this machine are taken, but no other private address', () => {
  const inside = { toLoopback: true };
  for (const host of ['127.0.0.1:4000', 'localhost:3000', '[::1]:3000', 'example.com']) {
    expect(findUrlFault(`http://${host}/`, inside), host).toBeUndefined();
  }
  for (const host of [
    '10.0.0.1',
    '169.254.169.254',
    '[::ffff:127.0.0.1]',
    '[::]',
    '0.0.0.0',
    'db.internal',
  ]) {
    expect(findUrlFault(`http://${host}/`, inside), host).toBe('must be on the public internet');
  }
});

test('what is deployed refuses to start with webhooks to this machine', () => {
  const deployed = {
    ...process.env,
    STAGE: 'production',
    CORS_ORIGINS: '',
  };
  expect(readConfig(deployed).webhooksToLoopback).toBe(false);
  expect(() => readConfig({ ...deployed, WEBHOOKS_TO_LOOPBACK: 'true' })).toThrow(
    /WEBHOOKS_TO_LOOPBACK/,
  );
});

describe('what a name resolves to is checked as it is connected to', () => {
  const answers = (...addresses: string[]) =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

  test.each([
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['0.0.0.0'],
    ['169.254.169.254'],
    ['fd00:ec2::254'],
    ['fe80::1%lo'],
    ['93.184.216.34', '127.0.0.1'],
    ['127.0.0.1', '93.184.216.34'],
    [],
  ])('%s, %s', async (...addresses) => {
    const lookup = async () => answers(...addresses.filter(Boolean));
    const url = `https://innocent.example.com:${port}/`;
    const outcome = await post(message(url), { signal, lookup, ...outside });
    expect(outcome).toMatchObject({ error: 'Its address is not on the public internet.' });
    expect(hits).toBe(0);
  });

  test('a name that changes what it resolves to is asked once for each connection (DNS rebinding)', async () => {
    let asked = 0;
    const lookup = async () => answers(asked++ === 0 ? '192.0.2.1' : '127.0.0.1');
    const url = `https://rebinding.example.com:${port}/`;
    for (const times of [1, 2, 3]) {
      const outcome = await post(message(url), { signal, lookup, ...outside });
      expect(outcome).toMatchObject({ error: 'Its address is not on the public internet.' });
      expect(asked).toBe(times);
    }
    expect(hits).toBe(0);
  });

  test('special ranges are no public addresses, whatever their notation', () => {
    for (const address of ['1.1.1.1', '93.184.216.34', '2606:4700::1111', '2a00:1450:4001::1']) {
      expect(isPublicAddress(address), address).toBe(true);
    }
    for (const address of [
      '::ffff:1.1.1.1',
      '64:ff9b::101:101',
      '2002:101:101::',
      '::1.1.1.1',
      '1.1.1',
      '',
    ]) {
      expect(isPublicAddress(address), address).toBe(false);
    }
  });
});

describe('a receiver that behaves badly', () => {
  const here = { toLoopback: true, signal };
  const servers: { close(): unknown }[] = [];

  afterAll(() => {
    for (const server of servers) server.close();
  });

  /** A port that answers each connection with these bytes. */
  async function answering(bytes: string, then: 'ends' | 'stays' | 'floods' = 'stays') {
    const server = createTcp((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(bytes);
        if (then === 'ends') socket.end();
        const flood = () => {
          while (!socket.destroyed && socket.write('x'.repeat(65_536)));
        };
        if (then !== 'floods') return;
        socket.on('drain', flood);
        flood();
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return message(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }

  test.each([301, 302, 303, 307, 308])('a redirect (%s) is not followed', async (status) => {
    const head = `HTTP/1.1 ${status} Elsewhere\r\nLocation: http://localhost:${port}/\r\nContent-Length: 0\r\n\r\n`;
    expect(await post(await answering(head), here)).toMatchObject({ status });
    expect(hits).toBe(0);
  });

  test('one that never answers is given up at the deadline', async () => {
    const outcome = await post(await answering(''), { ...here, deadline: 300 });
    expect(outcome).toMatchObject({ error: 'There was no answer in time.' });
    expect(outcome.took).toBeLessThan(5000);
  });

  test('one that keeps sending headers is given up', async () => {
    const head = `HTTP/1.1 200 OK\r\n${'X-Filler: 0123456789\r\n'.repeat(5000)}`;
    const outcome = await post(await answering(head), here);
    expect(outcome).toMatchObject({ error: 'The headers of the answer are too long.' });
  });

  test('of a body without an end 4 KiB are read, and the status counts', async () => {
    const outcome = await post(await answering('HTTP/1.1 200 OK\r\n\r\n', 'floods'), here);
    expect(outcome).toMatchObject({ status: 200, body: 'x'.repeat(4096) });
  });

  test('a body that does not come is not waited for, and the status counts', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
    const outcome = await post(await answering(head), here);
    expect(outcome).toMatchObject({ status: 200, body: 'half' });
  });

  test('no HTTP, a connection that is closed and an upgrade are failures with a reason', async () => {
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
    expect(await post(await answering('SSH-2.0\r\n'), here)).toEqual({
      error: 'The answer is not HTTP.',
      took: expect.any(Number),
    });
    expect(await post(await answering('', 'ends'), here)).toMatchObject({
      error: 'The connection broke off.',
    });
    expect((await post(await answering(upgrade), here)).error).toBeDefined();
    const closed = await answering('');
    servers.at(-1)?.close();
    expect(await post(closed, here)).toMatchObject({ error: 'The connection was refused.' });
  });
});
