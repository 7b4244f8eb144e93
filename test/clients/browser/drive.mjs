// Serves the page, opens it in Chromium, and prints what it found: node drive.mjs API FOLDER CHROMIUM PICTURE
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import puppeteer from 'puppeteer-core';

const [api, folder, executablePath, picture] = process.argv.slice(2);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wav': 'audio/wav' };

const server = createServer(async ({ url }, response) => {
  const name = new URL(url, 'http://localhost').pathname;
  const bytes = await readFile(join(folder, name)).catch(() => undefined);
  response.writeHead(bytes ? 200 : 404, { 'content-type': TYPES[extname(name)] ?? 'text/plain' });
  response.end(bytes);
});
await new Promise((resolve) => server.listen(0, resolve));

const browser = await puppeteer.launch({
  executablePath,
  args: [
    '--no-sandbox', // as root, Chromium has none
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--autoplay-policy=no-user-gesture-required',
  ],
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1000, height: 760 });
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  const { port } = server.address();
  await page.goto(`http://localhost:${port}/page.html?api=${encodeURIComponent(api)}`);
  await page.waitForFunction(() => document.title !== 'working', { timeout: 300_000 });
  await page.screenshot({ path: picture });
  console.log(JSON.stringify({ ...(await page.evaluate(() => window.result)), said }));
} finally {
  await browser.close();
  server.close();
}
