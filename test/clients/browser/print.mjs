// Opens a page as it is stored, draws it, and prints it: node print.mjs FILE CHROMIUM PICTURE PDF
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';

const [file, executablePath, picture, pdf] = process.argv.slice(2);

const browser = await puppeteer.launch({
  executablePath,
  args: ['--no-sandbox'], // as root, Chromium has none
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 900, height: 600 });
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  await page.goto(pathToFileURL(file).href);
  await page.screenshot({ path: picture, fullPage: true });
  await page.pdf({ path: pdf, preferCSSPageSize: true });
  console.log(JSON.stringify({ said }));
} finally {
  await browser.close();
}
