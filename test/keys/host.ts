// Run by hosts.test.ts: a host of its own, with secrets and a clock of its own. It says where it answers.
import { readDeployment } from '../../src/local/deployment/read.ts';
import { startGateway } from '../../src/local/http/gateway.ts';

const [readClock, readSteady] = [Date.now, performance.now.bind(performance)];
let [ahead, passed] = [0, 0];
Date.now = () => readClock() + ahead;
performance.now = () => readSteady() + passed;

process.on('disconnect', () => process.exit());
process.on('message', (message: { ahead: number }) => {
  ahead = message.ahead;
  passed += 5 * 60_000; // the secrets are due
  process.send?.('set');
});

const gateway = await startGateway({ deployment: readDeployment('.') });
process.send?.({ url: gateway.url });
