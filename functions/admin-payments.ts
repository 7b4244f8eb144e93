import { serve } from '../src/api/http/serve.ts';
import { adminPaymentRoutes } from '../src/routes/billing/admin-payments.ts';

export const adminPayments = { routes: adminPaymentRoutes };

export const handler = serve(adminPayments);
