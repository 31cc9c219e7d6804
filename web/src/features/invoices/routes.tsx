import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";

const invoicesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/invoices",
  component: lazyRouteComponent(() => import("./InvoicesPage"), "InvoicesPage"),
});

export const invoicesRoutes = [invoicesRoute];
