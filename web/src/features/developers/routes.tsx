import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";

const developersRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/developers",
  component: lazyRouteComponent(() => import("./DevelopersPage"), "DevelopersPage"),
});

export const developersRoutes = [developersRoute];
