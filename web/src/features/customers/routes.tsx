import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";
import { validateCustomerSearch, validateCustomersSearch } from "./search";

const customersRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/customers",
  validateSearch: validateCustomersSearch,
  component: lazyRouteComponent(() => import("./CustomersPage"), "CustomersPage"),
});

const customerRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/customers/$customer",
  validateSearch: validateCustomerSearch,
  component: lazyRouteComponent(() => import("./CustomerPage"), "CustomerPage"),
});

export const customersRoutes = [customersRoute, customerRoute];
