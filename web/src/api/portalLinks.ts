import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type PortalLink = components["schemas"]["PortalLinkOut"];

export const portalLinksQuery = (customer_id: string) =>
  infiniteQueryOptions({
    queryKey: ["portal-links", customer_id],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/portal-links", { params: { query: { ...pageAt(pageParam), customer_id } }, signal })),
    ...paged,
  });

export const createPortalLink = (body: components["schemas"]["PortalLinkIn"]) =>
  answer(api.POST("/v1/portal-links", { body }));

export const revokePortalLink = (portal_link: string) =>
  answer(api.POST("/v1/portal-links/{portal_link}/revoke", { params: { path: { portal_link } } }));
