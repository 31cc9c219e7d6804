import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";

const pricingRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/pricing",
  component: lazyRouteComponent(() => import("./PricingPage"), "PricingPage"),
});

export const pricingRoutes = [pricingRoute];
