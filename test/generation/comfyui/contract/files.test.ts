import { randomBytes, randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { call, drawPicture, finish, listFiles, submit, upload, view } from './server.ts';

describe('an upload', () => {
  test('is named by the server: one of the same name and other bytes gets another', async () => {
    const name = `${randomUUID()}.png`;
    const stem = name.replace('.png', '');
    const [first, second] = [randomBytes(64), randomBytes(64)];
    const { status, body } = await upload(name, first);
    expect([status, body]).toEqual([200, { name, subfolder: '', type: 'input' }]);
    expect((await upload(name, second)).body.name).toBe(`${stem} (1).png`);
    expect((await upload(name, first)).body.name).toBe(name);
    expect((await upload(name, second)).body.name).toBe(`${stem} (1).png`);
    expect((await view({ filename: `${stem} (1).png`, type: 'input' })).bytes).toEqual(second);
  });

  test('replaces what is there if it asks for it', async () => {
    const name = `${randomUUID()}.bin`;
    await upload(name, randomBytes(8));
    const bytes = randomBytes(8);
    expect((await upload(name, bytes, { overwrite: 'true' })).body.name).toBe(name);
    expect((await view({ filename: name, type: 'input' })).bytes).toEqual(bytes);
  });

  test('may go into a subfolder, and is used by its path', async () => {
    const subfolder = randomUUID();
    const png = await sharp({ create: { width: 5, height: 4, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const { body } = await upload('red.png', png, { subfolder });
    expect(body).toEqual({ name: 'red.png', subfolder, type: 'input' });
    const id = await submit({
      1: { class_type: 'LoadImage', inputs: { image: `${subfolder}/red.png` } },
      2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: randomUUID() } },
    });
    const { bytes } = await view(listFiles(await finish(id), '2')[0]);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 5, height: 4, format: 'png' });
  });

  test('outside the folder, or without a file, is refused', async () => {
    expect((await upload('x.png', randomBytes(4), { subfolder: '../..' })).status).toBe(400);
    const empty = new FormData();
    empty.set('type', 'input');
    expect((await call('/upload/image', { method: 'POST', body: empty })).status).toBe(400);
  });

  test('over the limit is refused with 413', async () => {
    const { max_upload_size } = (await call('/features')).body;
    const { status } = await upload('big.bin', Buffer.alloc(max_upload_size + 1024));
    expect(status).toBe(413);
  });
});

describe('a download', () => {
  test('is the file, whole or a part of it', async () => {
    const id = await submit(drawPicture({ width: 32, height: 24 }));
    const [file] = listFiles(await finish(id), '2');
    const { status, headers, bytes } = await view(file);
    expect([status, headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 32, height: 24 });
    const query = new URLSearchParams({ filename: file?.filename ?? '' });
    const part = await call(`/view?${query}`, { headers: { Range: 'bytes=0-7' } });
    expect([part.status, part.bytes]).toEqual([206, bytes.subarray(0, 8)]);
  });

  test('may be a preview', async () => {
    const [file] = listFiles(await finish(await submit(drawPicture())), '2');
    const { headers, bytes } = await view(file, { preview: 'jpeg;80' });
    expect(headers.get('content-type')).toBe('image/jpeg');
    expect((await sharp(bytes).metadata()).format).toBe('jpeg');
  });

  test('of what is not there, or outside the folders, is refused', async () => {
    const status = async (query: Record<string, string>) => (await view(query)).status;
    expect(await status({ filename: `${randomUUID()}.png` })).toBe(404);
    expect(await status({ filename: '../secret' })).toBe(400);
    expect(await status({ filename: '/etc/passwd' })).toBe(400);
    expect(await status({ filename: 'passwd', subfolder: '../../../etc' })).toBe(403);
    expect(await status({ filename: 'x.png', type: 'odd' })).toBe(400);
    expect((await call('/view')).status).toBe(404);
  });
});
