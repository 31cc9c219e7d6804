import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";
import { validateEventsSearch } from "./search";

const eventsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/events",
  validateSearch: validateEventsSearch,
  component: lazyRouteComponent(() => import("./EventsPage"), "EventsPage"),
});

const importRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/events/imports/$importId",
  component: lazyRouteComponent(() => import("./ImportPage"), "ImportPage"),
});

export const eventsRoutes = [eventsRoute, importRoute];
