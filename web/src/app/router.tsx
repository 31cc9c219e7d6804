/** Every page of the site. A domain's pages are in its own `routes.tsx`; here they only come together. */

import type { QueryClient } from "@tanstack/react-query";
import { createRouter, type RouterHistory } from "@tanstack/react-router";
import { PageSkeleton } from "@/components/PageSkeleton";
import { customersRoutes } from "@/features/customers/routes";
import { developersRoutes } from "@/features/developers/routes";
import { entryRoutes } from "@/features/entry/routes";
import { eventsRoutes } from "@/features/events/routes";
import { invoicesRoutes } from "@/features/invoices/routes";
import { overviewRoutes } from "@/features/overview/routes";
import { pricingRoutes } from "@/features/pricing/routes";
import { settingsRoutes } from "@/features/settings/routes";
import { usageRoutes } from "@/features/usage/routes";
import { rootRoute, signedInRoute } from "./routes";

const routeTree = rootRoute.addChildren([
  ...entryRoutes,
  signedInRoute.addChildren([
    ...overviewRoutes,
    ...usageRoutes,
    ...customersRoutes,
    ...pricingRoutes,
    ...invoicesRoutes,
    ...eventsRoutes,
    ...developersRoutes,
    ...settingsRoutes,
  ]),
]);

/** `history` is the browser's where it is left out. */
export function makeRouter(queries: QueryClient, history?: RouterHistory) {
  return createRouter({
    ...(history === undefined ? {} : { history }),
    routeTree,
    context: { queries },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0, // TanStack Query knows what is stale
    defaultPendingComponent: PageSkeleton,
    defaultPendingMs: 200,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
