import { config } from '../../src/config.ts';
import { getClient, loadSdk } from '../../src/providers/s3-client.ts';

/** The names of the wrapped keys that are stored under a prefix. */
export async function listStoredKeys(prefix: string): Promise<string[]> {
  const { ListObjectsV2Command } = await loadSdk();
  const list = new ListObjectsV2Command({ Bucket: config.keyBucket, Prefix: prefix });
  const { Contents = [] } = await (await getClient()).send(list);
  return Contents.flatMap(({ Key }) => Key ?? []);
}
