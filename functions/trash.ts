import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { TrashedMedium } from '../src/models/media/trashed-medium.ts';
import { trashActions } from '../src/routes/media/trash.ts';
import { owner } from '../src/rules.ts';

export const trash = resource(TrashedMedium, {
  path: '/v1/trash',
  can: { read: owner, remove: owner },
  include: ['user', 'project'],
  actions: trashActions,
  tag: 'Trash',
});

export const handler = serve(trash);
