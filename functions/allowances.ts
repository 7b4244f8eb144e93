import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { AllowanceOverride } from '../src/models/metering/allowance-override.ts';
import { allowanceRoutes } from '../src/routes/metering/allowances.ts';
import { owner } from '../src/rules.ts';

export const allowances = resource(AllowanceOverride, {
  path: '/v1/allowances/overrides',
  can: { read: owner },
  actions: allowanceRoutes,
});

export const handler = serve(allowances);
