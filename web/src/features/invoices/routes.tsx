import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";
import { validateFilters } from "./filters";

const invoicesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/invoices",
  validateSearch: validateFilters,
  component: lazyRouteComponent(() => import("./InvoicesPage"), "InvoicesPage"),
});

const runsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/invoices/runs",
  component: lazyRouteComponent(() => import("./RunsPage"), "RunsPage"),
});

const invoiceRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/invoices/$invoice",
  component: lazyRouteComponent(() => import("./InvoicePage"), "InvoicePage"),
});

export const invoicesRoutes = [invoicesRoute, runsRoute, invoiceRoute];
