import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { TrashedMedium } from '../src/models/studio/trashed-medium.ts';
import { trashActions } from '../src/routes/trash.ts';

export const trash = resource(TrashedMedium, {
  path: '/v1/trash',
  can: { read: owner, remove: owner },
  include: ['user', 'project'],
  actions: trashActions,
  tag: 'Trash',
});

export const handler = serve(trash);
