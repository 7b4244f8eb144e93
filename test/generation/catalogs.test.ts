import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId } from '../../src/data/ids.ts';
import { ComfyUINodeCatalog } from '../../src/models/generation/comfyui/node-catalog.ts';
import { storeCatalog } from '../../src/services/generation/comfyui/node-catalog.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

test('a catalog that is the same as before was fetched all the same: it is not fetched at each look', async () => {
  const pod = newId(Date.now());
  const begun = Date.now();
  for (const minutes of [0, 31]) {
    const at = begun + minutes * 60_000;
    await storeCatalog({ ...systemCtx('test'), clock: () => at }, pod, { LoadImage: {} });
    const kept = await ComfyUINodeCatalog.collection.find({ pod }).toArray();
    expect(kept.map(({ fetchedAt, classes }) => [fetchedAt.getTime(), classes])).toEqual([[at, 1]]);
  }
});
