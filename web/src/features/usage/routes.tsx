import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";
import { validateUsageSearch } from "@/components/usage/search";

export const usageRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/usage",
  validateSearch: validateUsageSearch,
  component: lazyRouteComponent(() => import("./UsagePage"), "UsagePage"),
});

export const usageRoutes = [usageRoute];
