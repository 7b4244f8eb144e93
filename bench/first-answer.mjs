// `first-answer.mjs BUNDLE TIMES`: imports a packaged function as Lambda does, calls it with the
// event in the environment variable EVENT, and prints the status and the CPU time so far, in ms.
// Then calls it TIMES more times and prints its memory in MB.
const [bundle, times] = process.argv.slice(2);
const { handler } = await import(bundle);
const event = JSON.parse(process.env.EVENT);
const { statusCode } = await handler(event, {});
const { user, system } = process.cpuUsage();
console.log(statusCode, (user + system) / 1000);
for (let i = 0; i < Number(times); i++) await handler(structuredClone(event), {});
console.log(process.memoryUsage().rss / 2 ** 20);
process.exit(0);
