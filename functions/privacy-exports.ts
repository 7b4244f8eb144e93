import { serve } from '../src/api/http/serve.ts';
import { privacyExportRoutes } from '../src/routes/privacy/exports.ts';

export const privacyExports = { routes: privacyExportRoutes };

export const handler = serve(privacyExports);
