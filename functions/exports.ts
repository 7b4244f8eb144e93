import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { Export } from '../src/models/studio/export.ts';
import { exportActions } from '../src/routes/exports.ts';

export const exportsResource = resource(Export, {
  path: '/v1/exports',
  can: { read: owner, remove: owner },
  include: ['user', 'project', 'job'],
  actions: exportActions,
});

export const handler = serve(exportsResource);
