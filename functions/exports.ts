import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Export } from '../src/models/exports/export.ts';
import { exportActions } from '../src/routes/exports/exports.ts';
import { owner } from '../src/rules.ts';

export const exportsResource = resource(Export, {
  path: '/v1/exports',
  can: { read: owner },
  include: ['user', 'project', 'job'],
  actions: exportActions,
});

export const handler = serve(exportsResource);
