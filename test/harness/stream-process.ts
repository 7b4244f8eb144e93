// A process that serves HTTP and event streams as `npm start` does, on the place of its parent, at the port
// that it is given.
import { readDeployment } from '../../src/local/deployment/read.ts';
import { startGateway } from '../../src/local/http/gateway.ts';

const deployment = readDeployment('.');
const gateway = await startGateway({ deployment, port: Number(process.argv[2] ?? 0) });
await gateway.warm();
process.send?.(gateway.url);
process.on('disconnect', () => process.exit());
