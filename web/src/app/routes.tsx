/** The two parents of all pages: `rootRoute`, and `signedInRoute` for those that need a session. */

import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { sessionQuery } from "@/api/session";
import { NotFound, RouteError } from "@/components/RouteStates";
import { afterSignIn } from "./signInTarget";

export interface RouterContext {
  queries: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  errorComponent: RouteError,
  notFoundComponent: NotFound,
});

export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "signed-in",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: "/sign-in", search: afterSignIn(location.href) });
  },
  component: lazyRouteComponent(() => import("./shell/Shell"), "Shell"),
  errorComponent: RouteError,
});
