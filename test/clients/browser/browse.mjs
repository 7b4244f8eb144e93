// Does in Chromium what it is told, one list of actions for each message, and answers with the text of the
// page: node browse.mjs CHROMIUM, forked.
import puppeteer from 'puppeteer-core';

const [executablePath] = process.argv.slice(2);
// As root, Chromium has no sandbox.
const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage();
await page.setViewport({ width: 1000, height: 760 });

const ACTIONS = {
  open: (url) => page.goto(url),
  check: (value) => page.click(`input[value="${value}"]`),
  press: (text) => Promise.all([page.waitForNavigation(), page.evaluate(pressButton, text)]),
  picture: (path) => page.screenshot({ path, fullPage: true }),
};

/** In the page. */
function pressButton(text) {
  [...document.querySelectorAll('button')].find((one) => one.textContent === text).click();
}

process.on('message', async (actions) => {
  try {
    for (const [name, value] of actions) await ACTIONS[name](value);
    process.send({ text: await page.evaluate(() => document.body.innerText) });
  } catch (error) {
    process.send({ error: String(error.stack ?? error) });
  }
});
process.on('disconnect', () => browser.close());
process.send({ text: 'ready' });
