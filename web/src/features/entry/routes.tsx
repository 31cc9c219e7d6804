/** The ways in: first-run setup, sign-in, one-time link; and the password for the next time. */

import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { sessionQuery, setupQuery } from "@/api/session";
import { rootRoute } from "@/app/routes";
import { validateSignInSearch } from "@/app/signInTarget";
import { linkToken } from "./linkToken";

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: validateSignInSearch,
  beforeLoad: async ({ context, search }) => {
    if (linkToken() !== null) return; // the link decides, whoever is signed in
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (session !== null) throw redirect({ href: search.to ?? "/" });
    const { setup_needed } = await context.queries.fetchQuery(setupQuery);
    if (setup_needed) throw redirect({ to: "/setup" });
  },
  component: lazyRouteComponent(() => import("./SignInPage"), "SignInPage"),
});

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/setup",
  beforeLoad: async ({ context }) => {
    const { setup_needed } = await context.queries.fetchQuery(setupQuery);
    if (!setup_needed) throw redirect({ to: "/sign-in" });
  },
  component: lazyRouteComponent(() => import("./SetupPage"), "SetupPage"),
});

const passwordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/password",
  beforeLoad: async ({ context }) => {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: "/sign-in", search: { to: "/password" } });
  },
  component: lazyRouteComponent(() => import("./PasswordPage"), "PasswordPage"),
});

export const entryRoutes = [signInRoute, setupRoute, passwordRoute];
