// `first-answer.mjs BUNDLE TIMES`: imports a packaged function as Lambda does, calls it with the event of
// the environment, and prints the status; then calls it again TIMES times, and prints what it holds then.
const [bundle, times] = process.argv.slice(2);
const { handler } = await import(bundle);
const event = JSON.parse(process.env.EVENT);
const { statusCode } = await handler(event, {});
console.log(statusCode);
for (let i = 0; i < Number(times); i++) await handler(structuredClone(event), {});
console.log(process.memoryUsage().rss / 2 ** 20);
process.exit(0);
