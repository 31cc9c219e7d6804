import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";

const customersRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/customers",
  component: lazyRouteComponent(() => import("./CustomersPage"), "CustomersPage"),
});

export const customersRoutes = [customersRoute];
